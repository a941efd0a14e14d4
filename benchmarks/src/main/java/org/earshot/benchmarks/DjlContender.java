package org.earshot.benchmarks;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** PyTorch through DJL: TorchScript; ASCMamba's scan as a loop over time. */
final class DjlContender implements Contender {
    private final TorchScript script;
    private final Clips clips;

    DjlContender(int threads, Clips clips) {
        this.clips = clips;
        script = new TorchScript("model.pt", threads);
    }

    @Override
    public float[] run() {
        int batch = clips.batch();
        try (NDManager manager = script.model().getNDManager().newSubManager()) {
            NDList inputs = new NDList(
                    manager.create(clips.features(), new Shape(batch, clips.frames(), clips.bands())),
                    manager.create(clips.location(), new Shape(batch)),
                    manager.create(clips.timeFeatures(), new Shape(batch, clips.timeFeatures().length / batch)));
            try (NDList outputs = script.run(inputs)) {
                return outputs.get(0).toFloatArray();
            }
        }
    }

    @Override
    public void close() {
        script.close();
    }
}
