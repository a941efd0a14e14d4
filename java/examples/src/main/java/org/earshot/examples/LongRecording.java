package org.earshot.examples;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.segmentation.SceneSegment;

/** Tells how the scene changes in a long recording: {@code LongRecording MODEL RECORDING}. */
public final class LongRecording {
    /** Windows are as long as the model's clip (10 s for the demonstration model's), so that they overlap by 8 s. */
    private static final Duration HOP = Duration.ofSeconds(2);

    private LongRecording() {}

    /**
     * Classifies a file window by window. It is read as it is classified: hours take no more memory than seconds, but
     * for the answers.
     *
     * @param model a model directory
     * @param recording the file
     * @return the parts in one scene, in the order of time
     */
    public static List<SceneSegment> segments(Path model, Path recording) {
        try (SceneClassifier classifier =
                SceneClassifier.builder(model).windowHop(HOP).load()) {
            return classifier.classify(recording, RecordingContext.unknown()).segments();
        }
    }

    /**
     * Prints the parts.
     *
     * @param args the model directory and the recording
     */
    public static void main(String[] args) {
        for (SceneSegment segment : segments(Path.of(args[0]), Path.of(args[1]))) {
            System.out.printf("%8.1f s  %s%n", segment.startSeconds(), segment.label());
        }
    }
}
