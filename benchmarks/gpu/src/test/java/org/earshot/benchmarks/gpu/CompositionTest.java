package org.earshot.benchmarks.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.backend.Precision;
import org.earshot.layer.Convolution;
import org.earshot.layer.Layer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;

/** Layers that are put together from parts are Earshot's layers; the parts are plain loops here. */
class CompositionTest {
    private static final double TOLERANCE = 2e-5;

    /** Convolutions and products as their definitions have them. */
    private static final class Loops implements Kernels {
        @Override
        public float[] convolve(Convolution of, Shape shape, float[] x) {
            Shape out = of.outputShape(shape);
            float[] y = new float[(int) out.elements()];
            int at = 0;
            for (int b = 0; b < out.extent(0); b++) {
                for (int t = 0; t < out.extent(1); t++) {
                    for (int f = 0; f < out.extent(2); f++) {
                        for (int o = 0; o < of.outputs(); o++) {
                            y[at++] = (float) sum(of, shape, x, b, t, f, o);
                        }
                    }
                }
            }
            return y;
        }

        private static double sum(Convolution of, Shape shape, float[] x, int b, int t, int f, int o) {
            double sum = 0;
            for (int i = 0; i < of.kernelTime(); i++) {
                for (int j = 0; j < of.kernelFrequency(); j++) {
                    int time = t + i * of.dilationTime() - of.paddingTime();
                    int band = f * of.strideFrequency() + j - of.paddingFrequency();
                    if (time < 0 || time >= shape.extent(1) || band < 0 || band >= shape.extent(2)) {
                        continue;
                    }
                    for (int c = 0; c < of.inputs(); c++) {
                        int weight = ((o * of.inputs() + c) * of.kernelTime() + i) * of.kernelFrequency() + j;
                        int value = ((b * shape.extent(1) + time) * shape.extent(2) + band) * of.inputs() + c;
                        sum += (double) of.weight().values()[weight] * x[value];
                    }
                }
            }
            return sum;
        }

        @Override
        public float[] multiply(float[] x, float[] weight, int width) {
            int columns = weight.length / width;
            float[] y = new float[x.length / width * columns];
            for (int i = 0; i < y.length; i++) {
                double sum = 0;
                for (int k = 0; k < width; k++) {
                    sum += (double) x[i / columns * width + k] * weight[i % columns * width + k];
                }
                y[i] = (float) sum;
            }
            return y;
        }
    }

    private static float[] byEarshot(Layer layer, Shape shape, float[] x) {
        try (EarshotContender earshot =
                new EarshotContender("portable", layer, shape, x, Precision.FLOAT32, Contender.REPEATS)) {
            earshot.run();
            return earshot.output();
        }
    }

    private static void assertSame(float[] actual, float[] expected) {
        double difference = Agreement.difference(actual, expected);
        assertTrue(difference <= TOLERANCE, "they differ by " + difference);
    }

    @Test
    void encoder() {
        var layer = new RandomLayers().denseEncoder(6, 3);
        Shape shape = Shape.of(2, 11, 9, 1);
        float[] x = Work.noise(shape.elements());
        assertSame(Composition.encoder(layer, new Loops(), shape, x), byEarshot(layer, shape, x));
    }

    @Test
    void squeezeExcitation() {
        var layer = new RandomLayers().squeezeExcitation(5, 7, 3);
        Shape shape = Shape.of(2, 8, 6, 5);
        float[] x = Work.noise(shape.elements());
        assertSame(Composition.squeezeExcitation(layer, new Loops(), shape, x), byEarshot(layer, shape, x));
    }

    @Test
    void mambaPaths() {
        for (MambaPath.Axis axis : MambaPath.Axis.values()) {
            MambaPath layer = new RandomLayers().path(axis, 18, 20, 3);
            Shape shape = Shape.of(2, 9, 5, 18);
            float[] x = Work.noise(shape.elements());
            assertSame(MambaComposition.path(layer, new Loops(), shape, x), byEarshot(layer, shape, x));
        }
    }

    /** What {@link GpuBenchmark} does before it times, with a backend and parts that every machine has. */
    @Test
    void agreementIsRequired() {
        assertTrue(Agreement.require(Work.SQUEEZE_EXCITATION, Precision.FLOAT32, "portable", new Loops()) > 0);
        Kernels wrong = new Kernels() {
            @Override
            public float[] convolve(Convolution convolution, Shape shape, float[] x) {
                float[] y = new Loops().convolve(convolution, shape, x);
                y[y.length / 2] += 1;
                return y;
            }

            @Override
            public float[] multiply(float[] x, float[] weight, int width) {
                throw new AssertionError("there is no product in it");
            }
        };
        assertThrows(
                IllegalStateException.class,
                () -> Agreement.require(Work.SQUEEZE_EXCITATION, Precision.FLOAT32, "portable", wrong));
    }

    @Test
    void differenceIsOfTheSpread() {
        float[] expected = {-2, 2, -2, 2};
        assertEquals(0, Agreement.difference(expected, expected));
        assertEquals(0.5, Agreement.difference(new float[] {-2, 2, -1, 2}, expected), 1e-12);
        assertEquals(Double.POSITIVE_INFINITY, Agreement.difference(new float[] {-2, Float.NaN, -2, 2}, expected));
        assertThrows(IllegalStateException.class, () -> Agreement.difference(new float[3], expected));
    }

    @Test
    void operationsAreTheLibraries() {
        // Frames x bands x taps x (64 + 128 + 192 + 256) x 64, and 31 bands behind the last; two a multiply-add.
        double encoder = 2.0 * (500.0 * 64 * 9 * 640 * 64 + 500.0 * 31 * 3 * 64 * 64);
        assertEquals(encoder, Work.DENSE_ENCODER.operations(Work.DENSE_ENCODER.shape(1)));
        double path = 2.0 * 16 * 15_500 * (2 * (64 * 512 + 256 * 36 + 4 * 256 + 256 * 64) + 128 * 64);
        assertEquals(path, Work.TIME_PATH.operations(Work.TIME_PATH.shape(16)));
    }
}
