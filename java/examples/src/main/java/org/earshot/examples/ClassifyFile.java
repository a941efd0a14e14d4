package org.earshot.examples;

import java.nio.file.Path;
import java.time.LocalDateTime;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;

/** Tells the scene of one recording: {@code ClassifyFile MODEL RECORDING [CITY TIME]}. */
public final class ClassifyFile {
    private ClassifyFile() {}

    /**
     * Classifies a file.
     *
     * @param model a model directory
     * @param recording the file
     * @param where city and time, as far as they are known
     * @return every scene with its probability, the most probable first
     */
    public static ScenePrediction classify(Path model, Path recording, RecordingContext where) {
        // Loading takes far longer than an answer: a program that classifies more than one file keeps the classifier.
        try (SceneClassifier classifier = SceneClassifier.load(model)) {
            return classifier.classify(recording, where);
        }
    }

    /**
     * Prints the three most probable scenes.
     *
     * @param args the model directory, the recording, and perhaps where and when it was made, such as {@code Xi'an
     *     2023-06-18T18:44}
     */
    public static void main(String[] args) {
        RecordingContext where = args.length < 4
                ? RecordingContext.unknown()
                : RecordingContext.of(args[2], LocalDateTime.parse(args[3]));
        ScenePrediction prediction = classify(Path.of(args[0]), Path.of(args[1]), where);
        for (ScoredScene scene : prediction.ranking().subList(0, 3)) {
            System.out.printf("%-20s %.3f%n", scene.label(), scene.probability());
        }
        // Of a damaged recording what can be decoded is used; this says what is missing.
        prediction.notes().forEach(System.out::println);
    }
}
