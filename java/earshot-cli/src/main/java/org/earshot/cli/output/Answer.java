package org.earshot.cli.output;

import java.util.Optional;
import org.earshot.EnsemblePrediction;
import org.earshot.ScenePrediction;

/**
 * What was said of a recording.
 *
 * @param scene the answer; of several models, the fused one
 * @param ensemble what several models said each; empty of one
 */
public record Answer(ScenePrediction scene, Optional<EnsemblePrediction> ensemble) {
    public static Answer of(ScenePrediction scene) {
        return new Answer(scene, Optional.empty());
    }

    public static Answer of(EnsemblePrediction ensemble) {
        return new Answer(ensemble.fused(), Optional.of(ensemble));
    }
}
