package org.earshot.cli.commands;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.HdrHistogram.Histogram;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneStream;

/**
 * Many streams of live sound over one classifier. First as fast as it can: how many seconds of sound it serves in a
 * second. Then as sound comes, each stream a hop at a time and all of them evenly apart: how old an answer is, from
 * when the last sample of its window was due to when its listener is called. Beyond what can be served that age only
 * grows.
 */
final class StreamLoad implements AutoCloseable {
    /** What sound comes in, as from a sound card. */
    private static final Duration BLOCK = Duration.ofMillis(20);

    private final List<Live> streams = new ArrayList<>();
    private final Histogram ages = ServiceLoad.histogram();
    private final float[] sound;
    private final int sampleRate;
    private final Duration hop;
    private final int threads;

    /** A stream, and when its next answer was due. */
    private final class Live {
        private final SceneStream stream;
        private long due;

        Live(SceneClassifier classifier) {
            stream = classifier.stream(RecordingContext.unknown(), sampleRate)
                    .hop(hop)
                    .open(window -> answered());
        }

        private void answered() {
            if (due != 0) {
                ages.recordValue(Math.max(0, System.nanoTime() - due));
            }
        }

        void push(int samples) {
            int block = (int) (BLOCK.toNanos() * sampleRate / TimeUnit.SECONDS.toNanos(1));
            for (int from = 0; from < samples; from += block) {
                stream.push(sound, from, Math.min(block, samples - from));
            }
        }
    }

    /**
     * Opens streams and gives each its first window.
     *
     * @param count how many there are
     * @param hop between answers
     * @param window samples of one window, with which each begins, so that from then on every hop has an answer
     */
    StreamLoad(SceneClassifier classifier, int count, Duration hop, float[] window, int sampleRate) {
        this.hop = hop;
        this.sampleRate = sampleRate;
        sound = window;
        threads = Math.min(count, classifier.sessions());
        try {
            for (int i = 0; i < count; i++) {
                streams.add(new Live(classifier));
            }
            // And a frame, with which it is known of the window that the recording goes on.
            int frame = classifier.config().features().hopLength();
            each(worker -> own(worker).forEach(live -> {
                live.push(window.length);
                live.push(frame);
            }));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private int hopSamples() {
        return (int) Math.round(hop.toNanos() / 1e9 * sampleRate);
    }

    /** Streams of one thread. */
    private List<Live> own(int worker) {
        List<Live> own = new ArrayList<>();
        for (int i = worker; i < streams.size(); i += threads) {
            own.add(streams.get(i));
        }
        return own;
    }

    private void each(IntConsumer work) {
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int worker = i;
                running.add(workers.submit(() -> work.accept(worker)));
            }
            running.forEach(ServiceLoad::await);
        } finally {
            workers.shutdown();
        }
    }

    /** Pushes as fast as it can for so long, at least a hop to each stream; returns seconds of sound a second. */
    double served(Duration duration) {
        long begun = System.nanoTime();
        double[] pushed = new double[threads];
        each(worker -> {
            do {
                for (Live live : own(worker)) {
                    live.push(hopSamples());
                    pushed[worker] += hopSamples();
                }
            } while (System.nanoTime() - begun < duration.toNanos());
        });
        double seconds = (System.nanoTime() - begun) / 1e9;
        double samples = 0;
        for (double own : pushed) {
            samples += own;
        }
        return samples / sampleRate / seconds;
    }

    /** Pushes as sound comes for so long, at least a hop to each stream; returns the answers' ages. */
    ServiceLoad.Figures live(Duration duration) {
        long begun = System.nanoTime();
        long hops = Math.max(1, duration.toNanos() / hop.toNanos());
        each(worker -> {
            List<Live> own = own(worker);
            for (long k = 0; k < hops; k++) {
                for (int i = 0; i < own.size(); i++) {
                    long phase = (long) ((i + (double) worker / threads) / own.size() * hop.toNanos());
                    Live live = own.get(i);
                    live.due = begun + k * hop.toNanos() + phase;
                    for (long left = live.due - System.nanoTime(); left > 0; left = live.due - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                    live.push(hopSamples());
                }
            }
        });
        return new ServiceLoad.Figures(ages, Duration.ofNanos(System.nanoTime() - begun));
    }

    @Override
    public void close() {
        streams.forEach(live -> live.stream.close());
    }
}
