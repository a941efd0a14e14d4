package org.earshot.audio;

import java.util.Arrays;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** The service that resamplers use, looked for when the first of them is made. */
final class FoundProducts {
    /** Empty where there is none that runs and is right. */
    static final Optional<ResamplingProducts> BEST = find();

    private FoundProducts() {}

    private static Optional<ResamplingProducts> find() {
        try {
            for (ResamplingProducts products :
                    ServiceLoader.load(ResamplingProducts.class, ResamplingProducts.class.getClassLoader())) {
                if (products.isAvailable() && isRight(products)) {
                    return Optional.of(products);
                }
            }
        } catch (ServiceConfigurationError e) {
            logger().log(System.Logger.Level.WARNING, "resampling in Java: a service does not load", e);
        }
        return Optional.empty();
    }

    /** Whether it gives the bits that the sums in Java give, of a few periods of a short filter. */
    private static boolean isRight(ResamplingProducts products) {
        FilterBank filter = FilterBank.of(3, 2);
        PeriodicKernel expected = new PeriodicKernel(3, 2, filter);
        ProductsKernel actual = new ProductsKernel(3, 2, filter, products);
        float[] window = new float[expected.windowLength()];
        for (int i = 0; i < window.length; i++) {
            window[i] = (float) Math.sin(0.1 * i * i);
        }
        int count = 2 * expected.outputs() + 5;
        float[] right = new float[expected.blockOutputs()];
        float[] found = new float[right.length];
        expected.run(window, 1, right, count);
        actual.run(window, 1, found, count);
        boolean isRight = Arrays.equals(right, 0, count, found, 0, count);
        if (!isRight) {
            logger().log(
                            System.Logger.Level.WARNING,
                            "resampling in Java: {0} gives other samples",
                            products.getClass().getName());
        }
        return isRight;
    }

    private static System.Logger logger() {
        return System.getLogger(Resampler.class.getName());
    }
}
