package org.earshot.segmentation;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes segments of windows: of live sound as they come, or of a whole recording at once. Two windows in different
 * scenes meet in the middle between their centres. Not thread-safe.
 */
public final class Segmenter {
    private final List<String> labels;
    private final SegmentationOptions options;
    private final SegmentListener listener;
    private Smoother smoother;
    private SegmentTrack track;
    private ScoredWindow last;

    /**
     * Begins with no window.
     *
     * @param labels the scenes
     * @param options how windows become segments
     * @param listener told of segments, by {@link #add} and {@link #finish}
     * @throws IllegalArgumentException if there is no label
     */
    public Segmenter(List<String> labels, SegmentationOptions options, SegmentListener listener) {
        this.labels = requireSome(labels);
        this.options = options;
        this.listener = listener;
        reset();
    }

    /**
     * Adds the next window.
     *
     * @param window its centre behind that of the one before
     * @throws IllegalArgumentException if it lies before that, or has not one probability for each label
     */
    public void add(ScoredWindow window) {
        require(labels, last, window);
        double seconds = last == null ? 0 : window.secondsAfter(last);
        last = window;
        double[] smoothed = smoother.next(seconds, window.probabilities());
        track.add(window, MarkovChain.leader(smoothed), smoothed);
    }

    /** Ends the recording: the segment that lasts ends with the last window. The next window is another recording's. */
    public void finish() {
        SegmentTrack ended = track;
        reset();
        ended.finish();
    }

    /** Forgets the windows, and the segment that lasts, without telling. */
    public void reset() {
        smoother = Smoother.of(options.smoothing(), labels.size());
        track = new SegmentTrack(labels, options, listener);
        last = null;
    }

    /**
     * Makes segments of all windows of a recording.
     *
     * @param labels the scenes
     * @param options how windows become segments
     * @param windows in the order of their centres
     * @return the segments, in the order of time
     * @throws IllegalArgumentException if there is no label, the windows are in another order, or one of them has not
     *     one probability for each label
     */
    public static List<SceneSegment> segments(
            List<String> labels, SegmentationOptions options, List<ScoredWindow> windows) {
        requireSome(labels);
        for (int i = 0; i < windows.size(); i++) {
            require(labels, i == 0 ? null : windows.get(i - 1), windows.get(i));
        }
        List<SceneSegment> segments = new ArrayList<>();
        SegmentTrack track = new SegmentTrack(labels, options, segments::add);
        if (options.smoothing() instanceof Smoothing.HiddenMarkov hidden) {
            MarkovChain chain = new MarkovChain(labels.size(), hidden.meanStay());
            int[] path = chain.viterbi(windows);
            double[][] marginals = chain.marginals(windows);
            for (int i = 0; i < path.length; i++) {
                track.add(windows.get(i), path[i], marginals[i]);
            }
        } else if (options.smoothing() instanceof Smoothing.Median median) {
            double[][] medians = MedianSmoother.around(windows, median.windows());
            for (int i = 0; i < medians.length; i++) {
                track.add(windows.get(i), MarkovChain.leader(medians[i]), medians[i]);
            }
        } else {
            Segmenter live = new Segmenter(labels, options, segments::add);
            windows.forEach(live::add);
            live.finish();
        }
        track.finish();
        return List.copyOf(segments);
    }

    private static List<String> requireSome(List<String> labels) {
        if (labels.isEmpty()) {
            throw new IllegalArgumentException("labels: found none; expected one for each scene");
        }
        return List.copyOf(labels);
    }

    private static void require(List<String> labels, ScoredWindow before, ScoredWindow window) {
        int count = window.probabilities().length;
        if (count != labels.size()) {
            throw new IllegalArgumentException("window from " + window.start() + ": found " + count
                    + " probabilities; expected " + labels.size() + ", one for each label");
        }
        if (before != null && window.centreNanos() < before.centreNanos()) {
            throw new IllegalArgumentException("window from " + window.start() + ": found behind the one from "
                    + before.start() + "; expected windows in the order of their centres");
        }
    }
}
