package org.earshot.model;

/** From logits to probabilities. */
public final class Softmax {
    private Softmax() {}

    /**
     * The softmax, {@code e^x_i / sum_j e^x_j}, in double precision.
     *
     * @param logits at least one
     * @return as many probabilities, which sum to 1
     */
    public static float[] of(float... logits) {
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - largest);
        }
        float[] probabilities = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = (float) (Math.exp(logits[i] - largest) / sum);
        }
        return probabilities;
    }
}
