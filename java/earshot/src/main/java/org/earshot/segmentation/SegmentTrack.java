package org.earshot.segmentation;

import java.time.Duration;
import java.util.List;

/** Where the scene changes: thresholds and shortest dwell, window by window. */
final class SegmentTrack {
    private static final int NO_SCENE = -1;

    private final List<String> labels;
    private final SegmentationOptions options;
    private final SegmentListener listener;
    private final long dwellNanos;

    private ScoredWindow last;
    /** By the thresholds alone. */
    private int scene = NO_SCENE;
    /** The part that lasts; null before the first one has lasted long enough. */
    private Part current;
    /** The part that follows if it lasts long enough; null if the scene is the current part's. */
    private Part candidate;
    /** Where the first part starts. */
    private Part beginning;
    /** Each scene's probabilities, summed over all windows so far. */
    private final double[] sums;

    private int windows;

    SegmentTrack(List<String> labels, SegmentationOptions options, SegmentListener listener) {
        this.labels = labels;
        this.options = options;
        this.listener = listener;
        dwellNanos = SegmentationOptions.nanos(options.shortestDwell());
        sums = new double[labels.size()];
    }

    /** A part of the recording in one scene, or in none. */
    private static final class Part {
        private final int scene;
        private final long startNanos;
        /** Of the windows before it. */
        private final double[] sums;

        private final int windows;

        private Part(int scene, long startNanos, double[] sums, int windows) {
            this.scene = scene;
            this.startNanos = startNanos;
            this.sums = sums;
            this.windows = windows;
        }
    }

    /**
     * Adds the next window.
     *
     * @param leader the most probable scene
     * @param smoothed the scenes' probabilities
     */
    void add(ScoredWindow window, int leader, double[] smoothed) {
        long centre = window.centreNanos();
        long start = last == null ? window.start().toNanos() : (last.centreNanos() + centre) / 2;
        // What is known to be the window's: as far behind its centre as before it, unless nothing came before.
        long end = last == null ? centre : 2 * centre - start;
        if (scene == NO_SCENE || smoothed[scene] < options.leave()) {
            scene = smoothed[leader] >= options.enter() ? leader : NO_SCENE;
        }
        if (last == null) {
            beginning = starting(start);
        }
        // Of the first window too it is known now that it reached as far behind its centre.
        if (candidate != null && candidate.scene != scene && start - candidate.startNanos >= dwellNanos) {
            change();
        }
        if (current != null && current.scene == scene) {
            candidate = null;
        } else if (candidate == null || candidate.scene != scene) {
            candidate = starting(start);
        }
        last = window;
        windows++;
        for (int i = 0; i < sums.length; i++) {
            sums[i] += window.probabilities()[i];
        }
        if (candidate != null && end - candidate.startNanos >= dwellNanos) {
            change();
        }
    }

    private Part starting(long start) {
        return new Part(scene, start, sums.clone(), windows);
    }

    private void change() {
        Part before = current;
        current = before == null
                ? new Part(candidate.scene, beginning.startNanos, beginning.sums, beginning.windows)
                : candidate;
        candidate = null;
        try {
            if (before != null) {
                end(before, current);
            }
        } finally {
            // Whatever the listener threw: each end and each beginning is told once.
            if (current.scene != NO_SCENE) {
                listener.began(segment(current, last.end().toNanos(), sums, windows));
            }
        }
    }

    /** Ends a part where another starts. */
    private void end(Part part, Part next) {
        if (part.scene != NO_SCENE) {
            listener.ended(segment(part, next.startNanos, next.sums, next.windows));
        }
    }

    /** A part up to a time, with the sums and the windows before that. */
    private SceneSegment segment(Part part, long endNanos, double[] sumsToEnd, int windowsToEnd) {
        double mean = (sumsToEnd[part.scene] - part.sums[part.scene]) / (windowsToEnd - part.windows);
        return new SceneSegment(
                Duration.ofNanos(part.startNanos), Duration.ofNanos(endNanos), labels.get(part.scene), (float) mean);
    }

    /** Ends the recording with the last window, to whose end its scene lasts. */
    void finish() {
        if (last == null) {
            return;
        }
        long end = last.end().toNanos();
        try {
            if (candidate != null && end - candidate.startNanos >= dwellNanos) {
                change();
            }
            if (current == null) {
                candidate = new Part(likeliest(), beginning.startNanos, beginning.sums, beginning.windows);
                change();
            }
        } finally {
            end(current, starting(end));
        }
    }

    /** The scene of a recording in which none lasts: as a clip's, by the mean over all windows. */
    private int likeliest() {
        int leader = MarkovChain.leader(sums);
        return sums[leader] / windows >= options.enter() ? leader : NO_SCENE;
    }
}
