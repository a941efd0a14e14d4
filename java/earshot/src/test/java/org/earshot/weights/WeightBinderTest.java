package org.earshot.weights;

import static org.earshot.weights.WeightBinder.at;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.error.WeightsException;
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
        assertEquals(2, binder.extent(at("fc.weight", 1, 2)));
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

        assertEquals(1, binder.extent(at("absent.weight", 0, 2)));
        assertEquals(1, binder.extent(at("classifier.bias", 1, 2)));
        binder.take("blocks.0.time_mamba.norm.weight", 8);
        assertEquals(Shape.of(10, 8), binder.take("classifier.weight", 10, 8).shape());
        assertEquals(10, binder.take("classifier.bias", 10).values().length);
        binder.take("count", 1);

        WeightsException error = assertThrows(WeightsException.class, () -> binder.finish("ascmamba"));
        String message = error.getMessage();
        assertTrue(message.startsWith("some.safetensors: found weights that do not fit"), message);
        assertTrue(message.contains("missing (2):"), message);
        assertTrue(message.contains("classifier.weight [10, 8], nearest: \"clasifier.weight\""), message);
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
        assertTrue(message.contains("layer.* (25), such as layer.0 [1]"), message);
        assertFalse(message.contains("layer.1"), message);
    }

    /** Fifty modules of other names, in a file of fifty others: still a screen, the largest first. */
    @Test
    void theMessageIsAtMostAScreen() {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < 3000; i++) {
            tensors.put("part" + i % 50 + "." + "deeply.".repeat(20) + i, zeros(1 + i % 7));
        }
        WeightBinder binder = new WeightBinder(weights(tensors));
        for (int i = 0; i < 2000; i++) {
            binder.take("module" + i % 50 + ".layer" + i + ".weight", 1 + i % 7, 9);
        }
        String message = assertThrows(WeightsException.class, () -> binder.finish("ascmamba"))
                .getMessage();
        assertTrue(message.lines().count() <= 24, message);
        assertTrue(message.length() <= 24 * 200, message);
        assertTrue(message.indexOf("unexpected (3000)") < message.indexOf("missing (2000)"), message);
    }

    /** Two of three tensors agree on a size: the third is the one that is wrong, and the only one. */
    @Test
    void mostTensorsSayHowLargeTheNetworkIs() {
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        tensors.put("a", zeros(3, 5));
        tensors.put("b", zeros(4));
        tensors.put("c", zeros(12, 2));
        WeightBinder binder = new WeightBinder(weights(tensors));
        assertEquals(4, binder.extent(at("a", 0, 2), at("b", 0, 1), at("c", 0, 2, 3)));
        assertEquals(4, binder.extent(at("absent", 0, 2), at("b", 0, 1)));
        assertEquals(
                3, binder.extent(at("a", 0, 2), at("b", 0, 2), at("c", 1, 2, 3)), "of another rank, or no multiple");
        assertTrue(binder.fits());
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
        assertEquals(1, binder.extent(at("a", 1, 2)));
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
