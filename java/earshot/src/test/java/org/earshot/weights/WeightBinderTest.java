package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.WeightsException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;

class WeightBinderTest {
    private static Weights weights(Map<String, WeightTensor> tensors) {
        return new LoadedWeights(Path.of("some.safetensors"), tensors, List.of());
    }

    private static WeightTensor zeros(int... extents) {
        Shape shape = Shape.of(extents);
        return WeightTensor.of(shape, new float[(int) shape.elements()]);
    }

    @Test
    void bindsWhatFits() {
        WeightBinder binder = new WeightBinder(weights(Map.of(
                "fc.weight", WeightTensor.of(Shape.of(1, 2), 1f, 2f),
                "bn.num_batches_tracked", WeightTensor.of(Shape.of(), 7L),
                "encoder_layer.norm1.weight", zeros(3))));
        assertTrue(binder.has("fc.weight"));
        assertFalse(binder.has("fc.bias"));
        assertTrue(binder.hasPrefix("fc."));
        assertFalse(binder.hasPrefix("fd"));
        assertEquals(2, binder.extent("fc.weight", 1));
        assertArrayEquals(new float[] {1, 2}, binder.take("fc.weight", 1, 2).values());
        binder.ignore("bn.num_batches_tracked");
        binder.ignore("encoder_layer.");
        binder.finish("se-trans");
    }

    @Test
    void countsConsecutiveSubmodulesOnly() {
        WeightBinder binder = new WeightBinder(weights(Map.of(
                "blocks.0.a", zeros(1),
                "blocks.1.a", zeros(1),
                "blocks.3.a", zeros(1),
                "blocks.10.a", zeros(1))));
        assertEquals(2, binder.count("blocks."));
        assertEquals(0, binder.count("layers."));
    }

    @Test
    void oneErrorListsEverything() {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        tensors.put("blocks.0.time_mamba.norm.weight", zeros(8));
        tensors.put("clasifier.weight", zeros(10, 8));
        tensors.put("classifier.bias", zeros(9));
        tensors.put("count", WeightTensor.of(Shape.of(1), 3L));
        tensors.put("left.over", zeros(2, 3));
        WeightBinder binder = new WeightBinder(weights(tensors));

        assertEquals(1, binder.extent("absent.weight", 0));
        assertEquals(1, binder.extent("classifier.bias", 1));
        binder.take("blocks.0.time_mamba.norm.weight", 8);
        assertEquals(Shape.of(10, 8), binder.take("classifier.weight", 10, 8).shape());
        assertEquals(10, binder.take("classifier.bias", 10).values().length);
        binder.take("count", 1);

        WeightsException error = assertThrows(WeightsException.class, () -> binder.finish("ascmamba"));
        String message = error.getMessage();
        assertTrue(message.startsWith("some.safetensors: found weights that do not fit"), message);
        assertTrue(message.contains("missing (2):"), message);
        assertTrue(message.contains("classifier.weight, nearest: \"clasifier.weight\""), message);
        assertTrue(message.contains("classifier.bias: found [9], expected [10]"), message);
        assertTrue(message.contains("count: found type I64, expected a float type"), message);
        assertTrue(message.contains("unexpected (2):"), message);
        assertTrue(message.contains("\"left.over\" [2, 3]"), message);
        assertTrue(message.contains("expected the tensors of ascmamba"), message);
    }

    @Test
    void longListsAreCut() {
        WeightBinder binder = new WeightBinder(weights(Map.of()));
        for (int i = 0; i < 25; i++) {
            binder.take("layer." + i, 1);
        }
        String message = assertThrows(WeightsException.class, () -> binder.finish("ascmamba"))
                .getMessage();
        assertTrue(message.contains("missing (25):"), message);
        assertTrue(message.contains("layer.19"), message);
        assertFalse(message.contains("layer.20"), message);
        assertTrue(message.contains("... and 5 more"), message);
    }

    @Test
    void zerosForMissingTensorsAreBounded() {
        WeightBinder binder = new WeightBinder(weights(Map.of("a", zeros(1))));
        assertThrows(WeightsException.class, () -> binder.take("b", Integer.MAX_VALUE, Integer.MAX_VALUE));
        assertThrows(WeightsException.class, () -> binder.take("b", 1 << 30, 1 << 30, 1 << 30));
        assertThrows(WeightsException.class, () -> binder.take("b", -4));
        assertThrows(WeightsException.class, () -> {
            for (int i = 0; i < 100; i++) {
                binder.take("c" + i, 1 << 20);
            }
        });
    }

    @Test
    void anEmptyTensorTellsNoExtent() {
        WeightBinder binder = new WeightBinder(weights(Map.of("a", zeros(0, 2000000000))));
        assertEquals(1, binder.extent("a", 1));
        assertThrows(WeightsException.class, () -> binder.finish("ascmamba"));
    }

    @Test
    void nearestNamesDifferInFewSegments() {
        List<String> candidates = List.of("encoder.block.0.weight", "encoder.blocks.1.weight", "fc.bias");
        assertEquals(
                List.of("encoder.block.0.weight", "encoder.blocks.1.weight"),
                NearestNames.of("encoder.blocks.0.weight", candidates));
        assertEquals(List.of(), NearestNames.of("gru", candidates));
    }
}
