package org.earshot.audio;

/** The sums by a service. */
final class ProductsKernel extends RepeatingKernel {
    private final float[] coefficients;
    private final ResamplingProducts products;
    private final float[] scratch;

    ProductsKernel(int up, int down, FilterBank filter, ResamplingProducts products) {
        super(up, down, filter);
        this.products = products;
        coefficients = filter.coefficients();
        scratch = new float[rows() * ResamplingProducts.SCRATCH + ResamplingProducts.SCRATCH_LINE];
    }

    @Override
    void run(float[] window, long firstOutput, float[] output, int count) {
        products.run(coefficients, up(), down(), window, firstOutput, output, count, scratch);
    }
}
