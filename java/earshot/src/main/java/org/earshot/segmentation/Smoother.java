package org.earshot.segmentation;

/** Smooths the windows of live sound, one after the other. */
@FunctionalInterface
interface Smoother {
    /**
     * Where a window lies behind the one before.
     *
     * @param seconds from that one's centre to this one's; 0 for the first
     * @param news how much of it that one has not heard, in (0, 1]; 1 for the first
     */
    record Step(double seconds, double news) {
        static final Step FIRST = new Step(0, 1);

        static Step between(ScoredWindow before, ScoredWindow window) {
            double nanos = window.centreNanos() - before.centreNanos();
            return new Step(nanos / 1e9, Math.min(1, nanos / window.nanos()));
        }
    }

    /** What the windows so far say of each scene. */
    double[] next(Step step, float[] probabilities);

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
        return (step, probabilities) -> widened(probabilities);
    }

    static double[] widened(float[] probabilities) {
        double[] wide = new double[probabilities.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = probabilities[i];
        }
        return wide;
    }
}
