package org.earshot.server.service;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.earshot.ScenePrediction;
import org.earshot.StreamWindow;
import org.earshot.segmentation.SegmentListener;

/** The streams of live sound that are open, which are bounded. Thread-safe. */
public final class LiveStreams {
    private final int most;
    private final Semaphore free;
    private final Set<LiveStream> open = ConcurrentHashMap.newKeySet();

    /**
     * Makes an empty set.
     *
     * @param most streams at once
     */
    public LiveStreams(int most) {
        this.most = most;
        free = new Semaphore(most);
    }

    /**
     * Opens a stream.
     *
     * @param version which model answers
     * @param options how
     * @param windows told of each window
     * @param segments told of each segment
     * @return the stream, to be closed at its end
     * @throws RequestException if there are too many, or the options fit no model
     */
    public LiveStream open(
            ServedVersion version,
            LiveStream.Options options,
            Consumer<StreamWindow<ScenePrediction>> windows,
            SegmentListener segments) {
        if (!free.tryAcquire()) {
            throw RequestException.busy("streams", most + " open", "--max-streams N allows more");
        }
        LiveStream[] self = new LiveStream[1];
        boolean opened = false;
        try {
            self[0] = LiveStream.open(version, options, windows, segments, () -> {
                open.remove(self[0]);
                free.release();
            });
            open.add(self[0]);
            opened = true;
            return self[0];
        } finally {
            if (!opened) {
                free.release();
            }
        }
    }

    /**
     * How many are open.
     *
     * @return at least 0
     */
    public int count() {
        return open.size();
    }

    /** Ends all of them at once. */
    public void closeAll() {
        open.forEach(LiveStream::close);
    }
}
