package org.earshot.segmentation;

/** Smooths the windows of live sound, one after the other. */
@FunctionalInterface
interface Smoother {
    /**
     * What the windows so far say of each scene.
     *
     * @param seconds from the centre of the window before to this one's; 0 for the first
     * @param probabilities of the window
     */
    double[] next(double seconds, float[] probabilities);

    /** Smooths as is wanted, with no window yet. */
    static Smoother of(Smoothing smoothing, int scenes) {
        if (smoothing instanceof Smoothing.Exponential exponential) {
            return new ExponentialSmoother(exponential.timeConstant());
        }
        if (smoothing instanceof Smoothing.Median median) {
            return new MedianSmoother(median.windows());
        }
        if (smoothing instanceof Smoothing.HiddenMarkov chain) {
            return new MarkovChain(scenes, chain.meanStay()).forward();
        }
        return (seconds, probabilities) -> widened(probabilities);
    }

    static double[] widened(float[] probabilities) {
        double[] wide = new double[probabilities.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = probabilities[i];
        }
        return wide;
    }
}
