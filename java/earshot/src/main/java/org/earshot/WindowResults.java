package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Collects what the network said of each window. */
final class WindowResults {
    private final List<String> labels;
    private final List<ScenePrediction.Window> windows = new ArrayList<>();
    private final double[] embeddingSum;

    WindowResults(List<String> labels, int embeddingWidth) {
        this.labels = labels;
        embeddingSum = new double[embeddingWidth];
    }

    void add(Duration start, Duration length, float[] logits, float[] embedding) {
        windows.add(new ScenePrediction.Window(start, length, labels, softmax(logits)));
        for (int i = 0; i < embeddingSum.length; i++) {
            embeddingSum[i] += embedding[i];
        }
    }

    private static float[] softmax(float[] logits) {
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

    ScenePrediction prediction() {
        return ScenePrediction.ofWindows(labels, windows);
    }

    float[] embedding() {
        float[] mean = new float[embeddingSum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (embeddingSum[i] / windows.size());
        }
        return mean;
    }
}
