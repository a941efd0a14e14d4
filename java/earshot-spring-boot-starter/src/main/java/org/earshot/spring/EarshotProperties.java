package org.earshot.spring;

import java.time.Duration;
import java.util.List;
import org.earshot.audio.AudioLimits;
import org.earshot.backend.Precision;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * How the classifier is loaded. What has no default here has that of {@link org.earshot.SceneClassifier.Builder}. An
 * unknown {@code earshot.*} property is refused, unless it is one of the process's environment.
 *
 * @param model Model directory, with config.json and model.safetensors: a path, or a location of Spring, such as
 *     classpath:model/.
 * @param weights Safetensors file or PyTorch checkpoint to be read instead of the directory's: a path, or a location of
 *     Spring.
 * @param backend Backend, which is then used or an error: cuda, cpu, portable, or auto for the best that starts.
 * @param precision Precision of the large products.
 * @param devices Devices that the sessions are spread over, from 0 on; by default the first, if there is one.
 * @param threads Threads of one call; by default as many as the process has processors.
 * @param sessions Calls, or batches of calls, that run at once; by default the processors divided by the threads of a
 *     call.
 * @param maxWaiting Calls that may wait for a session; those beyond fail at once. By default any number may.
 * @param waitAtMost How long a call may wait for a session before it fails; by default any time.
 * @param warmUp Whether all sessions are opened and run once before the application serves.
 * @param memoryLimit Memory that weights and sessions may take; loading fails if they need more.
 * @param windowHop Distance between the windows of a long recording; by default a window's length.
 * @param replaceable Whether the model can be replaced while it serves: there is then a SceneClassifierHolder instead
 *     of a SceneClassifier.
 * @param batching Calls that are computed together.
 * @param audio Bounds that recordings are read in.
 */
@ConfigurationProperties(prefix = "earshot", ignoreUnknownFields = false)
public record EarshotProperties(
        String model,
        String weights,
        @DefaultValue("auto") String backend,
        @DefaultValue("float32") Precision precision,
        List<Integer> devices,
        Integer threads,
        Integer sessions,
        Integer maxWaiting,
        Duration waitAtMost,
        @DefaultValue("true") boolean warmUp,
        DataSize memoryLimit,
        Duration windowHop,
        @DefaultValue("false") boolean replaceable,
        Batching batching,
        @DefaultValue Audio audio) {
    /** Takes what is empty for what is not set. */
    public EarshotProperties {
        model = StringUtils.hasText(model) ? model : null;
        weights = StringUtils.hasText(weights) ? weights : null;
    }

    /**
     * Calls that are computed together, as one batch; none are unless one of these is set.
     *
     * @param maxSize Windows of a batch at most.
     * @param maxDelay How long a window may wait for others.
     * @param maxQueue Calls that may wait beside those that are computed; those beyond fail at once.
     */
    public record Batching(
            @DefaultValue("8") int maxSize,
            @DefaultValue("5ms") Duration maxDelay,
            @DefaultValue("64") int maxQueue) {}

    /**
     * Bounds that recordings are read in.
     *
     * @param maxDuration Longest sound; by default 48 hours.
     * @param maxSize Largest file; by default 64 GiB.
     * @param maxSamplesPerByte Most samples of all channels together out of each byte of a file, behind the first ten
     *     minutes; by default 1000.
     * @param strict Whether damaged recordings are refused, instead of decoded as far as possible and reported.
     */
    public record Audio(
            Duration maxDuration,
            DataSize maxSize,
            Integer maxSamplesPerByte,
            @DefaultValue("false") boolean strict) {
        /** The bounds that are set, and for the others {@link AudioLimits#defaults}. */
        AudioLimits limits() {
            AudioLimits limits = AudioLimits.defaults().withStrict(strict);
            limits = PropertyValue.of("earshot.audio.max-duration", maxDuration)
                    .apply(limits, AudioLimits::withMaxDuration);
            limits = PropertyValue.of("earshot.audio.max-size", maxSize)
                    .apply(limits, (bounds, size) -> bounds.withMaxBytes(size.toBytes()));
            return PropertyValue.of("earshot.audio.max-samples-per-byte", maxSamplesPerByte)
                    .apply(limits, AudioLimits::withMaxSamplesPerByte);
        }
    }
}
