package org.earshot.spring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.earshot.ClassifierListener;
import org.earshot.ComputePool;
import org.earshot.SceneClassifier;
import org.earshot.audio.AudioLimits;
import org.earshot.error.ModelException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.springframework.core.io.Resource;
import org.springframework.core.io.ResourceLoader;
import org.springframework.util.ResourceUtils;

/**
 * Makes builders that have what the properties, the listeners and the customizers say. A service that replaces its
 * model needs it: {@code holder.replace(builders.builder("/models/next"))}.
 */
public final class SceneClassifierBuilders {
    private final EarshotProperties properties;
    private final AudioLimits limits;
    private final ResourceLoader resources;
    private final ClassifierListener listener;
    private final Optional<ComputePool> pool;
    private final List<SceneClassifierBuilderCustomizer> customizers;

    SceneClassifierBuilders(
            EarshotProperties properties,
            AudioLimits limits,
            ResourceLoader resources,
            ClassifierListener listener,
            Optional<ComputePool> pool,
            List<SceneClassifierBuilderCustomizer> customizers) {
        this.properties = properties;
        this.limits = limits;
        this.resources = resources;
        this.listener = listener;
        this.pool = pool;
        this.customizers = customizers;
    }

    /**
     * Starts to load another model than the one of the properties.
     *
     * @param model as the property {@code earshot.model} has it
     * @return a builder
     * @throws UncheckedIOException if a location that is no file cannot be read
     */
    public SceneClassifier.Builder builder(String model) {
        return chosen(from(model, null));
    }

    /** Starts to load the model of the properties. */
    SceneClassifier.Builder builder() {
        return chosen(from(properties.model(), properties.weights()));
    }

    private SceneClassifier.Builder from(String model, String weights) {
        Resource directory = resource(model.endsWith("/") ? model : model + "/");
        Resource file = weights == null ? null : resource(weights);
        try {
            if (directory.isFile() && (file == null || file.isFile())) {
                SceneClassifier.Builder builder = SceneClassifier.builder(path(directory));
                return file == null ? builder : builder.weights(path(file));
            }
            Resource config = directory.createRelative(ModelDirectory.CONFIG);
            Resource inMemory = file == null ? directory.createRelative(ModelDirectory.WEIGHTS) : file;
            return SceneClassifier.builder(
                    ModelConfig.parse(new String(content(config), StandardCharsets.UTF_8), config.getDescription()),
                    ByteBuffer.wrap(content(inMemory)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is said between two commas, or is not. */
    private static int device(Integer number) {
        if (number == null) {
            throw new IllegalArgumentException("devices: found none between two commas; expected a number, from 0 on");
        }
        return number;
    }

    private Resource resource(String location) {
        try {
            return resources.getResource(
                    ResourceUtils.isUrl(location)
                            ? location
                            : Path.of(location).toUri().toString());
        } catch (InvalidPathException e) {
            throw new ModelException(
                    "location " + location,
                    "no possible path (" + e.getReason() + ")",
                    "a path, or a location such as classpath:model/");
        }
    }

    private static Path path(Resource resource) throws IOException {
        return resource.getFile().toPath();
    }

    private static byte[] content(Resource resource) throws IOException {
        try (var in = resource.getInputStream()) {
            return in.readAllBytes();
        }
    }

    private SceneClassifier.Builder chosen(SceneClassifier.Builder builder) {
        builder.backend(properties.backend())
                .precision(properties.precision())
                .warmUp(properties.warmUp())
                .audioLimits(limits)
                .listener(listener);
        pool.ifPresent(builder::pool);
        PropertyValue.of("earshot.devices", properties.devices())
                .apply(
                        builder,
                        (b, devices) -> b.devices(devices.stream()
                                .mapToInt(SceneClassifierBuilders::device)
                                .toArray()));
        PropertyValue.of("earshot.threads", properties.threads()).apply(builder, SceneClassifier.Builder::threads);
        PropertyValue.of("earshot.sessions", properties.sessions()).apply(builder, SceneClassifier.Builder::sessions);
        PropertyValue.of("earshot.max-waiting", properties.maxWaiting())
                .apply(builder, SceneClassifier.Builder::maxWaiting);
        PropertyValue.of("earshot.wait-at-most", properties.waitAtMost())
                .apply(builder, SceneClassifier.Builder::waitAtMost);
        PropertyValue.of("earshot.memory-limit", properties.memoryLimit())
                .apply(builder, (b, limit) -> b.memoryLimit(limit.toBytes()));
        PropertyValue.of("earshot.window-hop", properties.windowHop())
                .apply(builder, SceneClassifier.Builder::windowHop);
        new PropertyValue<>(
                        properties.batching(),
                        List.of(
                                "earshot.batching.max-size",
                                "earshot.batching.max-delay",
                                "earshot.batching.max-queue"))
                .apply(
                        builder,
                        (b, batching) -> b.batching(batching.maxSize(), batching.maxDelay(), batching.maxQueue()));
        customizers.forEach(customizer -> customizer.customize(builder));
        return builder;
    }
}
