package org.earshot.examples;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.earshot.EnsemblePrediction;
import org.earshot.RecordingContext;
import org.earshot.SceneEnsemble;
import org.earshot.ScenePrediction.ScoredScene;

/** Asks several models about one recording: {@code Ensemble RECORDING MODEL...}. */
public final class Ensemble {
    private Ensemble() {}

    /**
     * Classifies a file with several models. They need the same labels and feature parameters; the features are
     * computed once for all of them.
     *
     * @param recording the file
     * @param models model directories, the first of which counts twice
     * @return the weighted mean of the models' probabilities, and what each said by itself
     */
    public static EnsemblePrediction classify(Path recording, List<Path> models) {
        SceneEnsemble.Builder builder = SceneEnsemble.builder().add(models.get(0), 2);
        models.stream().skip(1).forEach(builder::add); // with weight 1
        try (SceneEnsemble ensemble = builder.load()) {
            return ensemble.classify(recording, RecordingContext.unknown());
        }
    }

    /**
     * Prints the fused answer and each model's own.
     *
     * @param args the recording, then the model directories
     */
    public static void main(String[] args) {
        List<Path> models = Arrays.stream(args).skip(1).map(Path::of).toList();
        EnsemblePrediction answer = classify(Path.of(args[0]), models);
        System.out.printf("%s, %.3f%n", answer.fused().label(), answer.fused().probability());
        for (int i = 0; i < models.size(); i++) {
            ScoredScene own = answer.answers().get(i);
            System.out.printf("  %s: %s, %.3f%n", models.get(i), own.label(), own.probability());
        }
        // Where models agree on a recording without a label, theirs is a candidate.
        System.out.println(answer.agree() ? "all agree" : "they disagree");
    }
}
