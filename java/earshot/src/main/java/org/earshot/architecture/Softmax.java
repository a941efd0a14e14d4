package org.earshot.architecture;

/** From logits to probabilities. */
final class Softmax {
    private Softmax() {}

    /** The softmax of at least one logit, {@code e^x_i / sum_j e^x_j}, in double precision. */
    static float[] of(float... logits) {
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
