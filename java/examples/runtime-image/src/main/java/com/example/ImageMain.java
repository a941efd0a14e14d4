package com.example;

import java.nio.file.Path;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;

/** Tells the scene of a recording, and on which backend: {@code classify MODEL RECORDING [BACKEND]}. */
public final class ImageMain {
    private ImageMain() {}

    /**
     * Prints backend and scene.
     *
     * @param args the model directory, the recording, and perhaps the backend that it has to be
     */
    public static void main(String[] args) {
        String backend = args.length > 2 ? args[2] : "auto";
        try (SceneClassifier classifier =
                SceneClassifier.builder(Path.of(args[0])).backend(backend).load()) {
            System.out.println("backend " + classifier.backend());
            System.out.println(
                    classifier.classify(Path.of(args[1]), RecordingContext.unknown()).label());
        }
    }
}
