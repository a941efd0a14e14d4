package org.earshot.layer;

import java.util.List;
import java.util.Objects;
import org.earshot.features.FeatureParameters;

/**
 * The front end as a backend computes it: PCM, {@code [B, samples, 1, 1]}, one or more mono clips of one length at the
 * model's rate, to features, {@code [B, T, F, 1]} in dB, T being {@link FeatureParameters#cutFrames}. What it computes
 * is what {@link org.earshot.features.LogMel} does. Not a {@link Layer}: it has no weights and belongs to no network.
 *
 * @param parameters of the front end
 */
public record LogMelSpectrogram(FeatureParameters parameters) implements Signature {
    /** Checks that there are parameters. */
    public LogMelSpectrogram {
        Objects.requireNonNull(parameters, "parameters");
    }

    @Override
    public String kind() {
        return "log-mel spectrogram";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape pcm = Shapes.single(kind(), inputs, 4);
        Shapes.requireExtent(kind(), pcm, 2, 1);
        Shapes.requireExtent(kind(), pcm, 3, 1);
        int samples = pcm.extent(1);
        if (samples == 0) {
            throw new IllegalArgumentException(kind() + ": input " + pcm + "; expected at least 1 sample");
        }
        return Shape.of(pcm.extent(0), parameters.cutFrames(samples), parameters.melBands(), 1);
    }
}
