package org.earshot.server.service;

import java.time.Duration;
import java.util.List;
import org.earshot.SceneClassifier;
import org.earshot.audio.Samples;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelConfig;

/**
 * What a client may want to know of a model.
 *
 * @param architecture which system it is
 * @param backend what computes it
 * @param digest by which it is known again
 * @param labels the scenes
 * @param cities that it knows; none of a model without context
 * @param features how sound becomes features
 * @param clip how long a window is
 */
public record ModelInfo(
        String architecture,
        String backend,
        String digest,
        List<String> labels,
        List<String> cities,
        FeatureParameters features,
        Duration clip) {
    static ModelInfo of(SceneClassifier classifier) {
        ModelConfig config = classifier.config();
        FeatureParameters features = config.features();
        return new ModelInfo(
                config.architecture().label(),
                classifier.backend(),
                classifier.modelDigest(),
                config.labels(),
                config.context() == null ? List.of() : config.context().locations(),
                features,
                Samples.duration(features.windowSamples(), features.sampleRate()));
    }
}
