package org.earshot.server.service;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.earshot.RecordingContext;
import org.earshot.SceneAnalysis;
import org.earshot.ScenePrediction;
import org.earshot.audio.AudioDecoder;

/**
 * Calls of a request, on the library's queues: what none of them may do is go on when nobody waits for it. Thread-safe.
 */
public final class SceneService implements AutoCloseable {
    /** What a call that is past its deadline has to notice it by itself, before it is interrupted. */
    private static final long GRACE_MILLIS = 200;

    private final Limits limits;
    private final Optional<AudioDecoder> decoder;
    private final Map<Object, CompletableFuture<?>> running = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "earshot-server-timer");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Makes a service without calls.
     *
     * @param limits of every request
     * @param decoder of files that the library does not decode itself; empty for those of the class path, in this
     *     process
     */
    public SceneService(Limits limits, Optional<AudioDecoder> decoder) {
        this.limits = limits;
        this.decoder = decoder;
        // The deadline of an answered request is not to be kept, nor woken up for, until it is over.
        timer.setRemoveOnCancelPolicy(true);
    }

    /**
     * What every request is bounded by.
     *
     * @return the limits
     */
    public Limits limits() {
        return limits;
    }

    /**
     * A whole file that came with a request.
     *
     * @param bytes its content
     * @param name what messages call it
     * @return the recording
     */
    public Recording recording(byte[] bytes, String name) {
        return Recording.ofFile(bytes, name, limits.audio(), decoder);
    }

    /**
     * Begins to analyse the recordings of one request.
     *
     * @param version which model answers
     * @param recordings at least one
     * @param context where and when they were made
     * @param deadline of all of them
     * @return what was found in each; to cancel it stops the work. If one cannot be analysed, its exception is that of
     *     all.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // Their effects are all that is wanted.
    public CompletableFuture<List<SceneAnalysis<ScenePrediction, float[]>>> analyse(
            ServedVersion version, List<Recording> recordings, RecordingContext context, Deadline deadline) {
        List<CompletableFuture<SceneAnalysis<ScenePrediction, float[]>>> calls = new ArrayList<>();
        try {
            for (Recording recording : recordings) {
                calls.add(version.begin(classifier ->
                        classifier.analyseAsync(recording.opening(), recording.name(), context, deadline.options())));
            }
        } catch (RuntimeException e) {
            calls.forEach(call -> call.cancel(true));
            throw e;
        }
        CompletableFuture<List<SceneAnalysis<ScenePrediction, float[]>>> all = new CompletableFuture<>();
        CompletableFuture<Void> done = CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new));
        calls.forEach(call -> call.exceptionally(e -> {
            all.completeExceptionally(e);
            return null;
        }));
        done.thenRun(
                () -> all.complete(calls.stream().map(CompletableFuture::join).toList()));
        ScheduledFuture<?> late = timer.schedule(
                () -> all.completeExceptionally(deadline.late()),
                TimeUnit.NANOSECONDS.toMillis(deadline.remainingNanos()) + GRACE_MILLIS,
                TimeUnit.MILLISECONDS);
        Object key = new Object();
        running.put(key, all);
        all.whenComplete((answers, e) -> {
            late.cancel(false);
            running.remove(key);
            if (e != null) {
                calls.forEach(call -> call.cancel(true));
            }
        });
        return all;
    }

    /** Gives up whatever still runs, as the server ends. */
    public void giveUp() {
        running.values().forEach(call -> call.completeExceptionally(RequestException.ending()));
    }

    /**
     * Does something later, unless the service has ended by then.
     *
     * @param delay until then
     * @param work is short, and throws nothing
     */
    @SuppressWarnings("FutureReturnValueIgnored") // It ends with the timer.
    public void later(Duration delay, Runnable work) {
        timer.schedule(work, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Does something again and again, on a thread that has little else to do.
     *
     * @param work is short, and throws nothing
     * @param everyMillis the pause between
     */
    @SuppressWarnings("FutureReturnValueIgnored") // It ends with the timer.
    public void repeat(Runnable work, long everyMillis) {
        timer.scheduleWithFixedDelay(work, everyMillis, everyMillis, TimeUnit.MILLISECONDS);
    }

    /** Ends the timer. */
    @Override
    public void close() {
        timer.shutdownNow();
    }
}
