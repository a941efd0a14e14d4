package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;

/** Compares what was read with what the reference implementation wrote. */
final class Expected {
    private Expected() {}

    /** The same names, types, shapes and values, bit for bit. */
    static void assertSame(Weights expected, Weights found) {
        assertEquals(expected.tensors().keySet(), found.tensors().keySet());
        for (Map.Entry<String, WeightTensor> entry : expected.tensors().entrySet()) {
            WeightTensor tensor = found.tensors().get(entry.getKey());
            assertEquals(entry.getValue().type(), tensor.type(), entry.getKey());
            assertEquals(entry.getValue().shape(), tensor.shape(), entry.getKey());
            assertArrayEquals(entry.getValue().floats(), tensor.floats(), entry.getKey());
            if (tensor.type().integral()) {
                assertArrayEquals(entry.getValue().longs(), tensor.longs(), entry.getKey());
            }
        }
    }
}
