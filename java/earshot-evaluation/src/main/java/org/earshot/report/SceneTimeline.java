package org.earshot.report;

import java.util.List;
import org.earshot.segmentation.SceneSegment;

/**
 * A whole recording and the scenes it passes through.
 *
 * @param spectrogram of the recording
 * @param labels all scenes that the model knows, whose order gives each its colour
 * @param segments in the order of time
 */
public record SceneTimeline(RecordingSpectrogram spectrogram, List<String> labels, List<SceneSegment> segments) {
    /** Copies the lists. */
    public SceneTimeline {
        labels = List.copyOf(labels);
        segments = List.copyOf(segments);
    }
}
