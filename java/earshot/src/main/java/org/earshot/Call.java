package org.earshot;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.earshot.error.CancelledException;
import org.earshot.error.DeadlineException;

/**
 * One call: whether it is still wanted, by its deadline and the interrupt status of the thread that works on it, by
 * which callers cancel; and where its time goes. For one thread after another.
 */
final class Call implements Progress {
    /** What stands for no bound: as long as can be added to. */
    static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

    private final long begun = System.nanoTime();
    private final Duration allowed;
    private final long allowedNanos;
    private final Object subject;
    private final AtomicBoolean reported = new AtomicBoolean();

    private volatile boolean working;
    private long queuedNanos;
    private long decodeNanos;
    private long featuresNanos;
    private long networkNanos;
    private int windows;
    private int batchSize;

    /**
     * Begins now.
     *
     * @param subject what messages call it
     */
    Call(CallOptions options, Object subject) {
        allowed = options.deadline().orElse(LONGEST);
        allowedNanos = nanos(allowed);
        this.subject = subject;
    }

    /** A duration in nanoseconds, none if it is negative; of centuries, as many as can be added to. */
    static long nanos(Duration duration) {
        if (duration.isNegative()) {
            return 0;
        }
        return duration.compareTo(LONGEST) < 0 ? duration.toNanos() : LONGEST.toNanos();
    }

    @Override
    public long remainingNanos() {
        return allowedNanos - (System.nanoTime() - begun);
    }

    /**
     * Fails if the call is no longer wanted.
     *
     * @param stage how far it came
     * @throws CancelledException if the thread is interrupted, which it stays
     * @throws DeadlineException if the time is over
     */
    @Override
    public void requireWanted(String stage) {
        if (Thread.currentThread().isInterrupted()) {
            throw cancelled(null);
        }
        if (remainingNanos() <= 0) {
            throw late(stage);
        }
    }

    /** Whether it has a deadline. */
    boolean isBounded() {
        return allowedNanos < LONGEST.toNanos();
    }

    /** What a call throws whose time is over. */
    DeadlineException late(String stage) {
        return new DeadlineException(subject, stage, allowed);
    }

    /** What a call throws that is no longer wanted. */
    CancelledException cancelled(Throwable cause) {
        return new CancelledException(subject.toString(), cause);
    }

    /** Its work begins now, in some thread. */
    void works() {
        working = true;
    }

    /** Whether its work has begun. */
    boolean hasBegun() {
        return working;
    }

    /** All time until now was waiting. */
    void begins() {
        queuedNanos = System.nanoTime() - begun;
    }

    /** It waited since then. */
    void queuedSince(long nanoTime) {
        queuedNanos += System.nanoTime() - nanoTime;
    }

    /** Opens its recording, which the caller closes. */
    Recording.Samples open(Recording recording) {
        long since = System.nanoTime();
        Recording.Samples samples = recording.open();
        decodedSince(since);
        return samples;
    }

    /** Reads and cuts the next window of its recording, if it is still wanted; returns whether there is one. */
    boolean next(Windows recording, Progress progress) {
        progress.requireWanted("reading the recording");
        long since = System.nanoTime();
        boolean there = recording.next();
        decodedSince(since);
        return there;
    }

    private void decodedSince(long nanoTime) {
        decodeNanos += System.nanoTime() - nanoTime;
    }

    @Override
    public void computed(WindowRunner.Outputs outputs) {
        queuedNanos += outputs.queuedNanos();
        featuresNanos += outputs.featuresNanos();
        networkNanos += outputs.networkNanos();
        windows += outputs.windows().size();
        batchSize = Math.max(batchSize, outputs.batch());
    }

    /** Whether this is the first who is to report it. */
    boolean toBeReported() {
        return reported.compareAndSet(false, true);
    }

    /** What listeners are told of it. */
    ClassifierEvent event(String modelDigest, String architecture, String backend, ClassifierEvent.Outcome outcome) {
        return new ClassifierEvent(
                modelDigest,
                architecture,
                backend,
                outcome,
                queuedNanos,
                decodeNanos,
                featuresNanos,
                networkNanos,
                windows,
                batchSize);
    }
}
