package org.earshot;

/** What one network said of one window. */
final class NetworkOutput {
    private final float[] logits;
    private final float[] coarseLogits;
    private final float[] embedding;

    /**
     * Keeps the arrays.
     *
     * @param logits of the scenes
     * @param coarseLogits of the second stage; empty if there is none
     * @param embedding what enters the last linear layer
     */
    NetworkOutput(float[] logits, float[] coarseLogits, float[] embedding) {
        this.logits = logits;
        this.coarseLogits = coarseLogits;
        this.embedding = embedding;
    }

    float[] logits() {
        return logits;
    }

    float[] coarseLogits() {
        return coarseLogits;
    }

    float[] embedding() {
        return embedding;
    }
}
