package org.earshot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.architecture.SceneModel;
import org.earshot.architecture.Scores;
import org.earshot.audio.AudioLoss;
import org.earshot.error.BackendException;

/** Collects what the network said of each window. */
final class WindowResults {
    private final List<String> labels;
    private final SceneModel model;
    private final List<ScenePrediction.Window> windows = new ArrayList<>();
    private final WeightedMean fine = new WeightedMean();
    private final WeightedMean coarse = new WeightedMean();
    private final WeightedMean embeddings = new WeightedMean();
    private List<String> notes = List.of();

    /**
     * Starts with no window.
     *
     * @param labels the scenes
     * @param model whose logits will be added
     */
    WindowResults(List<String> labels, SceneModel model) {
        this.labels = labels;
        this.model = model;
    }

    /**
     * Adds a window.
     *
     * @throws BackendException if the network did not come to numbers, of which no scene can be told
     */
    void add(Duration start, Duration length, NetworkOutput output) {
        requireNumbers(output.logits());
        requireNumbers(output.coarseLogits());
        Scores scores = model.scores(output.logits(), output.coarseLogits());
        fine.add(scores.fine());
        coarse.add(scores.coarse());
        embeddings.add(output.embedding());
        windows.add(new ScenePrediction.Window(start, length, labels, scores.scenes()));
    }

    private void requireNumbers(float... logits) {
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                throw new BackendException(
                        model.architecture().label(),
                        "logits " + Arrays.toString(logits),
                        "finite ones (weights, features or a condition are too large, or are no numbers)");
            }
        }
    }

    /** Has each model's answer say what of the recording could not be decoded. */
    static void noteLosses(List<WindowResults> results, List<AudioLoss> losses) {
        List<String> notes = AudioLoss.notes(losses);
        results.forEach(result -> result.notes = notes);
    }

    ScenePrediction prediction() {
        ScenePrediction.TwoStages stages = model.coarse()
                .map(scenes -> new ScenePrediction.TwoStages(
                        ScenePrediction.rank(scenes.labels(), coarse.mean()),
                        ScenePrediction.rank(labels, fine.mean())))
                .orElse(null);
        return ScenePrediction.ofWindows(labels, windows, stages, notes);
    }

    float[] embedding() {
        return embeddings.mean();
    }
}
