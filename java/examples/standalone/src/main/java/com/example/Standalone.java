package com.example;

import java.nio.file.Path;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;

/** Tells the scene of a recording, and on which backend: {@code Standalone MODEL RECORDING}. */
public final class Standalone {
    private Standalone() {}

    /**
     * Prints backend and scene.
     *
     * @param args the model directory and the recording
     */
    public static void main(String[] args) {
        try (SceneClassifier classifier = SceneClassifier.load(Path.of(args[0]))) {
            System.out.println("backend " + classifier.backend());
            System.out.println(
                    classifier.classify(Path.of(args[1]), RecordingContext.unknown()).label());
        }
    }
}
