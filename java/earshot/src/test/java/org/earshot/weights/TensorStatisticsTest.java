package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;

class TensorStatisticsTest {
    @Test
    void countsAndMeasures() {
        TensorStatistics statistics = TensorStatistics.of(
                WeightTensor.of(Shape.of(7), 2, 4, Float.NaN, 4, Float.NEGATIVE_INFINITY, 6, Float.POSITIVE_INFINITY));
        // 2, 4, 4, 6: mean 4, variance (4 + 0 + 0 + 4) / 4 = 2.
        assertEquals(new TensorStatistics(7, 2, 6, 4, Math.sqrt(2), 1, 2), statistics);
    }

    @Test
    void aSmallDeviationAroundALargeMeanIsKept() {
        // Both values are exact in float32, the deviation is 1.
        TensorStatistics statistics = TensorStatistics.of(WeightTensor.of(Shape.of(2), 16_000_000f, 16_000_002f));
        assertEquals(1, statistics.deviation());
        assertEquals(16_000_001, statistics.mean());
    }

    @Test
    void nothingFiniteHasNoMean() {
        TensorStatistics empty = TensorStatistics.of(WeightTensor.of(Shape.of(0), new float[0]));
        assertEquals(0, empty.count());
        assertTrue(Double.isNaN(empty.mean()) && Double.isNaN(empty.minimum()) && Double.isNaN(empty.deviation()));
        assertEquals(
                1, TensorStatistics.of(WeightTensor.of(Shape.of(), Float.NaN)).nans());
        assertEquals(-3, TensorStatistics.of(WeightTensor.of(Shape.of(), -3L)).minimum());
    }
}
