package org.earshot.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.earshot.weights.TensorStatistics;
import org.earshot.weights.WeightFiles;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/** Weight files: safetensors, and PyTorch's zip archives of pickles. */
class WeightsFuzzTest {
    /** Strides of 0 make any number of elements of one. */
    private static final long MOST_ELEMENTS = 1_000_000;

    @FuzzTest
    void read(byte[] data) {
        FuzzFile.read(data, "a.pth", file -> {
            Weights weights = WeightFiles.read(file);
            for (WeightTensor tensor : weights.tensors().values()) {
                if (tensor.shape().elements() <= MOST_ELEMENTS) {
                    TensorStatistics.of(tensor);
                }
            }
        });
    }
}
