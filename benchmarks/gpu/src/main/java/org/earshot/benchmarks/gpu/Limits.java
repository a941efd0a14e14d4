package org.earshot.benchmarks.gpu;

import java.util.EnumMap;
import java.util.Map;
import org.earshot.backend.Precision;

/** What the device reaches at its best, by the libraries in the same process. */
record Limits(double bytesPerSecond, Map<Precision, Double> operationsPerSecond) {
    private static final int WIDTH = 8192;
    private static final int COPIED = 1 << 28;
    private static final int RUNS = 5;

    /** A copy of 1 GiB, and products of matrices of 8192 x 8192. */
    static Limits measure() {
        Libraries libraries = Libraries.open();
        double copies;
        try (DeviceCopy copy = new DeviceCopy(libraries, Work.noise(1), COPIED)) {
            copies = 2.0 * Float.BYTES * COPIED / seconds(libraries, copy);
        }
        Map<Precision, Double> products = new EnumMap<>(Precision.class);
        float[] matrix = Work.noise((long) WIDTH * WIDTH);
        for (Precision precision : Precision.values()) {
            try (LtProduct product = new LtProduct(libraries, matrix, WIDTH, matrix, WIDTH, precision)) {
                products.put(precision, 2.0 * WIDTH * WIDTH * WIDTH / seconds(libraries, product));
            }
        }
        return new Limits(copies, products);
    }

    /** The least of a few runs. */
    private static double seconds(Libraries libraries, LibraryCall call) {
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < RUNS; i++) {
            long start = System.nanoTime();
            call.enqueue();
            libraries.await();
            least = Math.min(least, (System.nanoTime() - start) / 1e9);
        }
        return least;
    }
}
