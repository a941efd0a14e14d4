package org.earshot.backend.common;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.layer.LogMelSpectrogram;
import org.earshot.layer.Shape;

/**
 * The front end in Java, for backends that compute on processors and have none of their own: clip by clip out of the
 * execution's memory and back into it, in the caller's thread.
 */
public final class LogMelOperation extends CheckedOperation<Execution> {
    private final LogMel logMel;

    /**
     * Prepares the front end.
     *
     * @param parameters of the features
     */
    public LogMelOperation(FeatureParameters parameters) {
        super(new LogMelSpectrogram(parameters), Execution.class);
        logMel = new LogMel(parameters);
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        outputShape(inputs);
        return 0;
    }

    @Override
    protected Step bindChecked(Execution execution, List<View> inputs, View output, View scratch) {
        List<View> clips = clips(inputs.get(0));
        List<View> targets = clips(output);
        LogMel.Scratch work = logMel.scratch();
        float[] pcm = new float[inputs.get(0).shape().extent(1)];
        float[] features = new float[output.shape().extent(1) * output.shape().extent(2)];
        return () -> {
            for (int clip = 0; clip < clips.size(); clip++) {
                execution.read(clips.get(clip), pcm);
                logMel.compute(pcm, 0, pcm.length, features, 0, work);
                execution.write(features, targets.get(clip));
            }
        };
    }

    private static List<View> clips(View batch) {
        Shape clip = Shape.of(
                1,
                batch.shape().extent(1),
                batch.shape().extent(2),
                batch.shape().extent(3));
        List<View> clips = new ArrayList<>();
        for (int i = 0; i < batch.shape().extent(0); i++) {
            clips.add(new View(batch.memory(), batch.offset() + i * clip.elements(), clip));
        }
        return clips;
    }

    @Override
    public void close() {
        // The garbage collector frees the tables.
    }
}
