package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;

class SafetensorsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @Test
    void readsAGoldenFile() {
        Weights weights = Safetensors.read(GOLDEN.resolve("ascmamba-small/golden.safetensors"));
        assertEquals(5, weights.tensors().size());
        WeightTensor features = weights.tensors().get("input.features");
        assertEquals(Shape.of(2, 120, 64), features.shape());
        assertEquals(2 * 120 * 64, features.floats().length);
        assertEquals(WeightType.I64, weights.tensors().get("input.location").type());
        assertEquals(2, weights.tensors().get("input.location").longs().length);
    }
}
