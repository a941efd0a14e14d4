package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.earshot.model.CoarseScenes;
import org.earshot.model.Softmax;

/** Collects what the network said of each window. */
final class WindowResults {
    private final List<String> labels;
    private final CoarseScenes coarseScenes;
    private final List<ScenePrediction.Window> windows = new ArrayList<>();
    private final double[] fineSum;
    private final double[] coarseSum;
    private double[] embeddingSum = {};
    private List<String> notes = List.of();

    /**
     * Starts with no window.
     *
     * @param labels the scenes
     * @param coarseScenes those of a system that decides in two stages, or null
     */
    WindowResults(List<String> labels, CoarseScenes coarseScenes) {
        this.labels = labels;
        this.coarseScenes = coarseScenes;
        fineSum = new double[labels.size()];
        coarseSum = new double[coarseScenes == null ? 0 : coarseScenes.labels().size()];
    }

    /**
     * Adds a window.
     *
     * @param coarseLogits of the second stage; not read if there is none
     */
    void add(Duration start, Duration length, float[] logits, float[] coarseLogits, float[] embedding) {
        float[] probabilities = Softmax.of(logits);
        if (coarseScenes != null) {
            float[] coarse = Softmax.of(coarseLogits);
            addTo(fineSum, probabilities);
            addTo(coarseSum, coarse);
            probabilities = coarseScenes.fuse(probabilities, coarse);
        }
        if (windows.isEmpty()) {
            embeddingSum = new double[embedding.length];
        }
        windows.add(new ScenePrediction.Window(start, length, labels, probabilities));
        addTo(embeddingSum, embedding);
    }

    private static void addTo(double[] sum, float... values) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += values[i];
        }
    }

    /** Sets what is to be said about the recording. */
    void note(List<String> remarks) {
        notes = remarks;
    }

    ScenePrediction prediction() {
        ScenePrediction.TwoStages stages = coarseScenes == null
                ? null
                : new ScenePrediction.TwoStages(
                        ScenePrediction.rank(coarseScenes.labels(), i -> coarseSum[i] / windows.size()),
                        ScenePrediction.rank(labels, i -> fineSum[i] / windows.size()));
        return ScenePrediction.ofWindows(labels, windows, stages, notes);
    }

    float[] embedding() {
        float[] mean = new float[embeddingSum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (embeddingSum[i] / windows.size());
        }
        return mean;
    }
}
