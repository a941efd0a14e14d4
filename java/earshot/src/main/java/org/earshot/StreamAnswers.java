package org.earshot;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.ScoredWindow;
import org.earshot.segmentation.SegmentListener;
import org.earshot.segmentation.Segmenter;

/** Takes what the models said of a stream's windows, and tells its listeners. */
interface StreamAnswers {
    /** The models said this of a window, the next in the order of time. */
    void add(SoundWindow window, List<WindowResults> results);

    /** The recording is over. */
    default void end() {}

    /** What has come so far is not to count. */
    default void forget() {}

    /**
     * Tells the windows.
     *
     * @param <P> the answer, of a classifier or an ensemble
     */
    record OfWindows<P>(Function<List<WindowResults>, P> prediction, Consumer<? super StreamWindow<P>> listener)
            implements StreamAnswers {
        @Override
        public void add(SoundWindow window, List<WindowResults> results) {
            tell(window, prediction.apply(results));
        }

        private void tell(SoundWindow window, P answer) {
            listener.accept(
                    new StreamWindow<>(window.startTime(), window.startTime().plus(window.duration()), answer));
        }
    }

    /**
     * Tells the windows and what segments they make.
     *
     * @param <P> likewise
     */
    record OfSegments<P>(OfWindows<P> windows, Segmenter segmenter, Function<P, ScenePrediction> scenes)
            implements StreamAnswers {
        @Override
        public void add(SoundWindow window, List<WindowResults> results) {
            P answer = windows.prediction.apply(results);
            try {
                windows.tell(window, answer);
            } finally {
                ScenePrediction.Window only = scenes.apply(answer).windows().get(0);
                segmenter.add(new ScoredWindow(only.start(), only.start().plus(only.length()), only.probabilities()));
            }
        }

        @Override
        public void end() {
            segmenter.finish();
        }

        @Override
        public void forget() {
            segmenter.reset();
        }
    }

    /**
     * Tells segments as long as the stream is open, which the listener before may have closed.
     *
     * @param closed whether it is closed
     * @param listener is told
     */
    record UntilClosed(AtomicBoolean closed, SegmentListener listener) implements SegmentListener {
        @Override
        public void began(SceneSegment soFar) {
            if (!closed.get()) {
                listener.began(soFar);
            }
        }

        @Override
        public void ended(SceneSegment segment) {
            if (!closed.get()) {
                listener.ended(segment);
            }
        }
    }
}
