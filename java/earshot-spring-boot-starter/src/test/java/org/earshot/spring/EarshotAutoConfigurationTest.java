package org.earshot.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.earshot.AudioClip;
import org.earshot.ClassifierEvent;
import org.earshot.ClassifierHealth;
import org.earshot.ClassifierListener;
import org.earshot.ComputePool;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneClassifierHolder;
import org.earshot.audio.AudioLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The application's beans on Boot 4; on Boot 3.5 the same jar is run by {@code tools/test-spring}. */
class EarshotAutoConfigurationTest {
    private static final Path GOLDEN =
            Path.of("../earshot/src/test/resources/golden").toAbsolutePath().normalize();
    private static final Path MODEL = GOLDEN.resolve("mobile-asc-net-early");
    private static final Path OTHER = GOLDEN.resolve("mobile-asc-net-none");

    @TempDir
    Path temporary;

    private final ApplicationContextRunner bare =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(EarshotAutoConfiguration.class));
    private final ApplicationContextRunner application =
            bare.withPropertyValues("earshot.model=" + MODEL, "earshot.threads=1", "earshot.sessions=1");

    private static AudioClip clip() {
        Random random = new Random(1);
        float[] pcm = new float[44_100];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = (float) (0.1 * random.nextGaussian());
        }
        return AudioClip.of(pcm, 44_100);
    }

    private static float probability(SceneClassifier classifier) {
        return classifier.classify(clip(), RecordingContext.unknown()).probability();
    }

    private static String digest(Path model) {
        try (SceneClassifier classifier = SceneClassifier.load(model)) {
            return classifier.modelDigest();
        }
    }

    @Test
    void theClassifierAnswersAsOneThatIsLoadedByHand() {
        float expected;
        try (SceneClassifier classifier =
                SceneClassifier.builder(MODEL).threads(1).load()) {
            expected = probability(classifier);
        }
        List<SceneClassifier> beans = new ArrayList<>();
        application.run(context -> {
            assertFalse(context.containsBean("sceneClassifierHolder"));
            beans.add(context.getBean(SceneClassifier.class));
            assertEquals(expected, probability(beans.get(0)));
        });
        assertEquals(
                ClassifierHealth.State.CLOSED,
                beans.get(0).health().state(),
                "the classifier is closed with its application");
    }

    @Test
    void propertiesReachTheClassifier() {
        bare.withPropertyValues(
                        "earshot.model=" + MODEL,
                        "earshot.backend=portable",
                        "earshot.threads=1",
                        "earshot.sessions=3",
                        "earshot.memory-limit=1GB",
                        "earshot.window-hop=5s",
                        "earshot.audio.max-duration=3s",
                        "earshot.audio.max-size=1MB",
                        "earshot.audio.max-samples-per-byte=7",
                        "earshot.audio.strict=true")
                .run(context -> {
                    SceneClassifier classifier = context.getBean(SceneClassifier.class);
                    assertTrue(classifier.backend().startsWith("portable"), classifier::backend);
                    assertEquals(3, classifier.sessions());
                    AudioClip fifteen = AudioClip.of(new float[15 * 44_100], 44_100);
                    assertEquals(
                            2,
                            classifier
                                    .classify(fifteen, RecordingContext.unknown())
                                    .windows()
                                    .size());
                    assertEquals(
                            AudioLimits.defaults()
                                    .withMaxDuration(Duration.ofSeconds(3))
                                    .withMaxBytes(1 << 20)
                                    .withMaxSamplesPerByte(7)
                                    .withStrict(true),
                            context.getBean(AudioLimits.class));
                });
    }

    /** Meters are such a listener: they are not to miss what another one threw of. */
    @Test
    void everyListenerIsToldWhateverTheOneBeforeThrew() {
        List<ClassifierEvent> events = new ArrayList<>();
        application
                .withBean("first", ClassifierListener.class, () -> new ClassifierListener() {
                    @Override
                    public void callEnded(ClassifierEvent event) {
                        throw new UnsupportedOperationException("not today");
                    }
                })
                .withBean("second", ClassifierListener.class, () -> new ClassifierListener() {
                    @Override
                    public void callEnded(ClassifierEvent event) {
                        events.add(event);
                    }
                })
                .run(context -> context.getBean(SceneClassifier.class).classify(clip(), RecordingContext.unknown()));
        assertEquals(1, events.size());
    }

    @Test
    void batchesAreMadeWhereTheyAreAskedFor() {
        List<ClassifierEvent> events = new ArrayList<>();
        application
                .withPropertyValues("earshot.batching.max-delay=1ms")
                .withBean(ClassifierListener.class, () -> new ClassifierListener() {
                    @Override
                    public void callEnded(ClassifierEvent event) {
                        events.add(event);
                    }
                })
                .run(context -> {
                    SceneClassifier classifier = context.getBean(SceneClassifier.class);
                    classifier.classifyAll(
                            List.of(clip(), clip(), clip()),
                            List.of(
                                    RecordingContext.unknown(),
                                    RecordingContext.unknown(),
                                    RecordingContext.unknown()));
                });
        assertEquals(3, events.get(0).batchSize());
    }

    @Test
    void aModelMayLieInAJar() throws Exception {
        Path jar = temporary.resolve("with space.jar");
        try (FileSystem inside =
                FileSystems.newFileSystem(URI.create("jar:" + jar.toUri()), Map.of("create", "true"))) {
            Files.createDirectory(inside.getPath("model"));
            for (String name : List.of("config.json", "model.safetensors")) {
                Files.copy(MODEL.resolve(name), inside.getPath("model", name));
            }
        }
        String digest = digest(MODEL);
        for (String weights : List.of("", "jar:" + jar.toUri() + "!/model/model.safetensors")) {
            bare.withPropertyValues("earshot.model=jar:" + jar.toUri() + "!/model", "earshot.weights=" + weights)
                    .run(context -> assertEquals(
                            digest, context.getBean(SceneClassifier.class).modelDigest()));
        }
    }

    @Test
    void weightsMayLieElsewhere() throws Exception {
        Files.copy(MODEL.resolve("config.json"), temporary.resolve("config.json"));
        application
                .withPropertyValues(
                        "earshot.model=" + temporary, "earshot.weights=" + MODEL.resolve("model.safetensors"))
                .run(context -> assertEquals(
                        digest(MODEL), context.getBean(SceneClassifier.class).modelDigest()));
    }

    @Test
    void aReplaceableModelIsInAHolder() {
        application
                .withPropertyValues("earshot.replaceable=true")
                .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
                .run(context -> {
                    assertEquals(0, context.getBeanNamesForType(SceneClassifier.class).length);
                    SceneClassifierHolder holder = context.getBean(SceneClassifierHolder.class);
                    String before = holder.modelDigest();
                    holder.replace(
                            context.getBean(SceneClassifierBuilders.class).builder(OTHER.toString()));
                    assertNotEquals(before, holder.modelDigest());
                    // The new one has the properties and the meters too.
                    assertEquals(1, (int) holder.use(SceneClassifier::sessions));
                    MeterRegistry registry = context.getBean(MeterRegistry.class);
                    assertEquals(
                            1,
                            registry.get("earshot.ready")
                                    .tag("model", holder.modelDigest().substring(0, 12))
                                    .gauge()
                                    .value());
                    assertTrue(health(context.getBean(HealthIndicator.class))
                            .getDetails()
                            .toString()
                            .contains(holder.modelDigest()));
                });
    }

    /** What a property of true or false may say in Spring: otherwise there is neither classifier nor holder. */
    @Test
    void replaceableIsTrueOrFalseInAnyWord() {
        for (String word : new String[] {"true", "TRUE", "yes", "on", "1"}) {
            bare.withPropertyValues("earshot.model=" + MODEL, "earshot.replaceable=" + word)
                    .run(context ->
                            assertEquals(1, context.getBeanNamesForType(SceneClassifierHolder.class).length, word));
        }
        for (String word : new String[] {"false", "False", "no", "off", "0"}) {
            bare.withPropertyValues("earshot.model=" + MODEL, "earshot.replaceable=" + word)
                    .run(context -> assertEquals(1, context.getBeanNamesForType(SceneClassifier.class).length, word));
        }
        bare.withPropertyValues("earshot.model=" + MODEL, "earshot.replaceable=perhaps")
                .run(context -> assertTrue(context.getStartupFailure() instanceof RuntimeException));
    }

    private static Health health(HealthIndicator indicator) {
        return indicator.health();
    }

    @Test
    void healthIsThatOfTheClassifier() {
        application.run(context -> {
            HealthIndicator indicator = context.getBean("earshotHealthIndicator", HealthIndicator.class);
            SceneClassifier classifier = context.getBean(SceneClassifier.class);
            assertEquals(Status.UP, health(indicator).getStatus());
            assertEquals(
                    Map.of(
                            "state",
                            "READY",
                            "model",
                            classifier.modelDigest(),
                            "architecture",
                            "mobile-asc-net",
                            "backend",
                            classifier.backend()),
                    health(indicator).getDetails().get("sceneClassifier"));
            classifier.close();
            assertEquals(Status.DOWN, health(indicator).getStatus());
            assertTrue(health(indicator).getDetails().toString().contains("closed"));
        });
        application
                .withPropertyValues("management.health.earshot.enabled=false")
                .run(context -> assertFalse(context.containsBean("earshotHealthIndicator")));
    }

    @Test
    void callsAreCountedWhereThereIsARegistry() {
        application.withBean(MeterRegistry.class, SimpleMeterRegistry::new).run(context -> {
            probability(context.getBean(SceneClassifier.class));
            assertEquals(
                    1,
                    context.getBean(MeterRegistry.class)
                            .get("earshot.call")
                            .tag("outcome", "answered")
                            .timer()
                            .count());
        });
        application.run(context -> assertFalse(context.containsBean("classifierMetrics")));
    }

    @Test
    void itWorksWithoutActuatorAndWithoutMicrometer() {
        application
                .withClassLoader(new FilteredClassLoader(
                        "io.micrometer", "org.springframework.boot.health", "org.springframework.boot.actuate"))
                .run(context -> {
                    assertFalse(context.containsBean("classifierMetrics"));
                    assertFalse(context.containsBean("earshotHealthIndicator"));
                    assertTrue(probability(context.getBean(SceneClassifier.class)) > 0);
                });
    }

    /** The application's beans. */
    @Configuration(proxyBeanMethods = false)
    static class Own {
        @Bean
        SceneClassifier mine() {
            return SceneClassifier.load(OTHER);
        }
    }

    @Test
    void itStepsBackForTheApplicationsOwn() {
        bare.withUserConfiguration(Own.class).run(context -> {
            assertSame(context.getBean("mine"), context.getBean(SceneClassifier.class));
            assertTrue(
                    context.getBean(HealthIndicator.class).health().getDetails().containsKey("mine"));
        });
    }

    @Test
    void poolAndCustomizersTakePart() {
        bare.withPropertyValues("earshot.model=" + MODEL)
                .withBean(ComputePool.class, () -> ComputePool.of(5))
                .withBean(SceneClassifierBuilderCustomizer.class, () -> builder -> builder.threads(2))
                // A pool of five has room for two calls of two threads.
                .run(context ->
                        assertEquals(2, context.getBean(SceneClassifier.class).sessions()));
    }
}
