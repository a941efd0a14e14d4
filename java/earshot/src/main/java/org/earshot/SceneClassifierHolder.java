package org.earshot;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.earshot.error.ClosedException;
import org.earshot.error.EarshotException;

/**
 * A classifier that is replaced while it serves: the new one is loaded and warmed up beside the old one, then takes its
 * place, and the old one is closed after its last call. Calls are never refused meanwhile, and none sees both. For any
 * number of threads.
 *
 * <pre>{@code
 * SceneClassifierHolder holder = SceneClassifierHolder.load(SceneClassifier.builder(Path.of("model-1")));
 * ScenePrediction scene = holder.use(classifier -> classifier.classify(clip, where));
 * holder.replace(SceneClassifier.builder(Path.of("model-2"))); // from another thread
 * }</pre>
 *
 * <p>While it is replaced there is memory for both, of which {@link SceneClassifier#footprint} says how much that is.
 */
public final class SceneClassifierHolder implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(SceneClassifierHolder.class.getName());

    /** One classifier in its time of service. */
    private static final class Service {
        private final SceneClassifier classifier;
        /** Guarded by this. */
        private int calls;

        /** Whether no call begins any more. Guarded by this. */
        private boolean retired;

        /** Whether the classifier is closed. Guarded by this. */
        private boolean over;

        private Service(SceneClassifier classifier) {
            this.classifier = classifier;
        }

        private synchronized boolean begin() {
            if (!retired) {
                calls++;
            }
            return !retired;
        }

        private void end() {
            boolean last;
            synchronized (this) {
                calls--;
                last = retired && calls == 0;
            }
            if (last) {
                try {
                    classifier.close();
                } finally {
                    synchronized (this) {
                        over = true;
                        notifyAll();
                    }
                }
            }
        }

        /** Ends the service: now, or with the last call that has begun. */
        private void retire() {
            synchronized (this) {
                if (retired) {
                    return;
                }
                retired = true;
                calls++;
            }
            end();
        }

        private synchronized void awaitEnd() {
            boolean interrupted = false;
            while (!over) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    // The classifier is in use until then.
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private volatile Service current;
    private volatile boolean closed;
    /** Of {@link #use} and of the function of {@link #useAsync}. */
    private final Inside inside = new Inside();

    private SceneClassifierHolder(SceneClassifier first) {
        current = new Service(first);
    }

    /**
     * Loads and warms up the first classifier.
     *
     * @param builder of it, which is told to {@link LoadOptions#warmUp warm up}
     * @return its holder, to be closed at the end
     * @throws EarshotException as {@link SceneClassifier.Builder#load}
     */
    public static SceneClassifierHolder load(SceneClassifier.Builder builder) {
        return new SceneClassifierHolder(builder.warmUp(true).load());
    }

    /**
     * Makes a call. The classifier is not closed before it returns, whoever replaces it meanwhile.
     *
     * @param <R> what it returns
     * @param call is handed the classifier, and does not keep it
     * @return what the call returns; what it throws is thrown here
     * @throws ClosedException if the holder is closed
     */
    public <R> R use(Function<SceneClassifier, R> call) {
        Service service = begin();
        try {
            return inside.during(() -> call.apply(service.classifier));
        } finally {
            service.end();
        }
    }

    /**
     * Begins a call. The classifier is not closed before the future is done, whoever replaces it meanwhile.
     *
     * @param <R> what it will return
     * @param call is handed the classifier, and begins a {@link SceneClassifier#classifyAsync}
     * @return the call's future
     * @throws ClosedException if the holder is closed
     * @throws IllegalStateException if the call gives no future
     */
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    public <R> CompletableFuture<R> useAsync(Function<SceneClassifier, CompletableFuture<R>> call) {
        Service service = begin();
        CompletableFuture<R> future;
        try {
            future = inside.during(() -> call.apply(service.classifier));
            if (future == null) {
                throw new IllegalStateException("the call of useAsync gave null; expected the future of what it began");
            }
        } catch (Throwable e) {
            service.end();
            throw e;
        }
        // A classifier is closed by a thread that is none of its own: it waits for their end.
        future.whenCompleteAsync((result, e) -> service.end());
        return future;
    }

    private Service begin() {
        while (true) {
            if (closed) {
                throw closedException();
            }
            Service service = current;
            // If it was replaced since, the next one is there.
            if (service.begin()) {
                return service;
            }
        }
    }

    /**
     * Loads and warms up a classifier, and has it take every call that begins from then on. Returns without waiting for
     * the calls of the one before, which is closed with the last of them. Several replacements come one after another.
     *
     * @param builder of the new one, which is told to {@link LoadOptions#warmUp warm up}
     * @throws EarshotException as {@link SceneClassifier.Builder#load}; the one before then goes on serving
     * @throws ClosedException if the holder is closed
     */
    public void replace(SceneClassifier.Builder builder) {
        // Nobody waits for a classifier's end while holding the monitor: what it waits for may be about to ask for
        // that.
        exchange(builder).retire();
    }

    /** Puts a new classifier in the place of the one that serves; returns the latter. */
    private synchronized Service exchange(SceneClassifier.Builder builder) {
        if (closed) {
            throw closedException();
        }
        SceneClassifier next = builder.warmUp(true).load();
        Service before = current;
        LOGGER.log(
                System.Logger.Level.INFO,
                () -> "model " + before.classifier.modelDigest() + " replaced by " + next.modelDigest());
        current = new Service(next);
        return before;
    }

    /**
     * Whether the classifier that serves can answer.
     *
     * @return as {@link SceneClassifier#health}
     */
    public ClassifierHealth health() {
        return current.classifier.health();
    }

    /**
     * Which model serves.
     *
     * @return as {@link SceneClassifier#modelDigest}
     */
    public String modelDigest() {
        return current.classifier.modelDigest();
    }

    private static ClosedException closedException() {
        return new ClosedException("the holder");
    }

    /**
     * Closes the classifier that serves, after its last call, which it waits for. Inside of a call (in {@code use}, in
     * a listener, in what follows on a call's future) it does not, as it would wait for itself: the classifier is then
     * closed with its last call. Later calls throw {@link ClosedException}; a second close closes nothing, and waits
     * likewise.
     */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        Service last = current;
        last.retire();
        if (!inside.here() && !last.classifier.worksHere()) {
            last.awaitEnd();
        }
    }
}
