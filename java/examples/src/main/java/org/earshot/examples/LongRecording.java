package org.earshot.examples;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;

/** Tells how the scene changes in a long recording: {@code LongRecording MODEL RECORDING}. */
public final class LongRecording {
    /** Windows are as long as the model's clip (10 s for the demonstration model's) and overlap by half of it. */
    private static final Duration HOP = Duration.ofSeconds(5);

    private LongRecording() {}

    /**
     * A part of the recording.
     *
     * @param start of its first window
     * @param label its scene
     */
    public record Part(Duration start, String label) {}

    /**
     * Classifies a file window by window. It is read as it is classified: hours take no more memory than seconds.
     *
     * @param model a model directory
     * @param recording the file
     * @return the parts in whose windows the same scene is the most probable, in the order of time
     */
    public static List<Part> parts(Path model, Path recording) {
        try (SceneClassifier classifier =
                SceneClassifier.builder(model).windowHop(HOP).load()) {
            List<Part> parts = new ArrayList<>();
            for (ScenePrediction.Window window :
                    classifier.classify(recording, RecordingContext.unknown()).windows()) {
                String label = window.ranking().get(0).label();
                if (parts.isEmpty() || !parts.get(parts.size() - 1).label().equals(label)) {
                    parts.add(new Part(window.start(), label));
                }
            }
            return parts;
        }
    }

    /**
     * Prints the parts.
     *
     * @param args the model directory and the recording
     */
    public static void main(String[] args) {
        for (Part part : parts(Path.of(args[0]), Path.of(args[1]))) {
            System.out.printf("%6d s  %s%n", part.start().toSeconds(), part.label());
        }
    }
}
