package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Collects what the network said of each window. */
final class WindowResults {
    private record Result(Duration start, Duration length, float[] probabilities) {}

    private final List<Result> results = new ArrayList<>();
    private final double[] embeddingSum;

    WindowResults(int embeddingWidth) {
        embeddingSum = new double[embeddingWidth];
    }

    void add(Duration start, Duration length, float[] logits, float[] embedding) {
        results.add(new Result(start, length, softmax(logits)));
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

    ScenePrediction prediction(List<String> labels) {
        return ScenePrediction.ofWindows(
                labels,
                results.stream()
                        .map(result ->
                                new ScenePrediction.Window(result.start, result.length, labels, result.probabilities))
                        .toList());
    }

    float[] embedding() {
        float[] mean = new float[embeddingSum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (embeddingSum[i] / results.size());
        }
        return mean;
    }
}
