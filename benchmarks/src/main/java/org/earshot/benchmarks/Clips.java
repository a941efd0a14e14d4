package org.earshot.benchmarks;

import java.util.Arrays;
import java.util.Map;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.weights.WeightTensor;

/**
 * Clips with PyTorch's logits for them.
 *
 * @param batch B
 * @param frames T
 * @param bands F
 * @param features {@code [B, T, F]}
 * @param location {@code [B]}
 * @param timeFeatures {@code [B, 8]}
 * @param logits {@code [B, classes]}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; the arrays are what engines take
record Clips(
        int batch, int frames, int bands, float[] features, long[] location, float[] timeFeatures, float[] logits) {

    /**
     * Reads the first clips of a golden file.
     *
     * @throws IllegalStateException if the file holds fewer
     */
    static Clips read(int batch, int frames) {
        Map<String, WeightTensor> golden = BenchmarkModel.tensors("golden-" + frames + ".safetensors");
        Shape shape = golden.get("input." + Network.FEATURES).shape();
        int held = shape.extent(0);
        if (batch > held) {
            throw new IllegalStateException(batch + " clips of " + frames + " frames; the golden file has " + held);
        }
        long[] location = golden.get("input." + Network.LOCATION).longs();
        return new Clips(
                batch,
                frames,
                shape.extent(2),
                first(golden.get("input." + Network.FEATURES), batch),
                Arrays.copyOf(location, batch),
                first(golden.get("input." + Network.TIME_FEATURES), batch),
                first(golden.get("output." + Network.LOGITS), batch));
    }

    private static float[] first(WeightTensor tensor, int batch) {
        int row = Math.toIntExact(tensor.shape().elements() / tensor.shape().extent(0));
        return Arrays.copyOf(tensor.floats(), batch * row);
    }
}
