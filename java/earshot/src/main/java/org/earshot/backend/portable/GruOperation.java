package org.earshot.backend.portable;

import java.util.Arrays;
import java.util.List;
import org.earshot.backend.Execution;
import org.earshot.backend.View;
import org.earshot.layer.Activation;
import org.earshot.layer.Gru;
import org.earshot.layer.Linear;
import org.earshot.layer.Shape;

/**
 * The GRU: first the input's part of the gates for all frames at once, a task each, into the scratch memory; then the
 * recurrence, a task for each clip.
 */
final class GruOperation extends PortableOperation {
    private final Gru layer;
    private final Linear ofInput;
    private final Linear ofState;

    GruOperation(Gru layer) {
        super(layer);
        this.layer = layer;
        ofInput = new Linear(layer.inputWeight(), layer.inputBias(), Activation.NONE);
        ofState = new Linear(layer.hiddenWeight(), layer.hiddenBias(), Activation.NONE);
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        return (long) inputs.get(0).extent(0) * inputs.get(0).extent(1) * ofInput.outputs();
    }

    @Override
    protected Step bindChecked(PortableExecution execution, List<View> inputs, View output, View scratch) {
        View input = inputs.get(0);
        int clips = input.shape().extent(0);
        int frames = input.shape().extent(1);
        float[][] states = new float[execution.threads()][layer.hidden()];
        float[][] parts = new float[execution.threads()][ofState.outputs()];
        Team.Task project = (frame, worker) -> LinearOperation.apply(
                ofInput,
                PortableMemory.values(input),
                PortableMemory.offset(input) + frame * ofInput.inputs(),
                PortableMemory.values(scratch),
                PortableMemory.offset(scratch) + frame * ofInput.outputs());
        Team.Task recur = (clip, worker) -> {
            Arrays.fill(states[worker], 0);
            for (int frame = clip * frames; frame < (clip + 1) * frames; frame++) {
                step(frame, states[worker], parts[worker], scratch, output);
            }
        };
        return () -> {
            execution.team().parallel(clips * frames, project);
            execution.team().parallel(clips, recur);
        };
    }

    private void step(int frame, float[] h, float[] part, View scratch, View output) {
        int hidden = layer.hidden();
        LinearOperation.apply(ofState, h, 0, part, 0);
        float[] x = PortableMemory.values(scratch);
        int r0 = PortableMemory.offset(scratch) + frame * ofInput.outputs();
        int z0 = r0 + hidden;
        int n0 = z0 + hidden;
        for (int i = 0; i < hidden; i++) {
            float r = Elementwise.sigmoid(x[r0 + i] + part[i]);
            float z = Elementwise.sigmoid(x[z0 + i] + part[hidden + i]);
            float n = (float) Math.tanh(x[n0 + i] + r * part[2 * hidden + i]);
            h[i] = (1 - z) * n + z * h[i];
        }
        System.arraycopy(h, 0, PortableMemory.values(output), PortableMemory.offset(output) + frame * hidden, hidden);
    }
}
