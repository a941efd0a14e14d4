package org.earshot.cli.commands;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleFunction;
import java.util.function.Supplier;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Loads a service and notes what its callers notice. Callers that wait for their answer before they ask again (a closed
 * loop) never ask more than it can answer: their times are those of a service at its own pace. Callers that come when
 * they come (an open loop) are timed from when they were due, so that those count who had to wait because another was
 * slow.
 */
final class ServiceLoad {
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final int SEED = 1;

    private ServiceLoad() {}

    /**
     * What was measured.
     *
     * @param times nanoseconds of each call
     * @param elapsed from the first call's beginning to the last one's end
     */
    record Figures(Histogram times, Duration elapsed) {
        double seconds() {
            return elapsed.toNanos() / 1e9;
        }

        double callsPerSecond() {
            return times.getTotalCount() / seconds();
        }

        /** The time, in milliseconds, that so many of a hundred calls did not exceed. */
        double percentile(double percent) {
            return times.getValueAtPercentile(percent) / 1e6;
        }
    }

    static Histogram histogram() {
        return new ConcurrentHistogram(SIGNIFICANT_DIGITS);
    }

    /**
     * Lets callers make one call after another.
     *
     * @param callers how many there are
     * @param duration how long each begins calls; each makes at least one
     * @param call makes one
     */
    static Figures closed(int callers, Duration duration, Runnable call) {
        Histogram times = histogram();
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        long begun = System.nanoTime();
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                running.add(threads.submit(() -> {
                    long start;
                    do {
                        start = System.nanoTime();
                        call.run();
                        times.recordValue(System.nanoTime() - start);
                    } while (System.nanoTime() - begun < duration.toNanos());
                }));
            }
            running.forEach(ServiceLoad::await);
        } finally {
            threads.shutdown();
        }
        return new Figures(times, Duration.ofNanos(System.nanoTime() - begun));
    }

    static void await(Future<?> caller) {
        try {
            caller.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /**
     * Lets calls come at random, independent of each other and of how fast they are answered (a Poisson process, always
     * the same).
     *
     * @param rate calls a second on average
     * @param duration how long they come
     * @param call begins one
     */
    static Figures open(double rate, Duration duration, Supplier<CompletableFuture<?>> call) {
        Histogram times = histogram();
        Random random = new Random(SEED);
        List<CompletableFuture<?>> calls = new ArrayList<>();
        long begun = System.nanoTime();
        long due = 0;
        while (true) {
            due += (long) (-Math.log(1 - random.nextDouble()) / rate * TimeUnit.SECONDS.toNanos(1));
            if (due >= duration.toNanos()) {
                break;
            }
            long instant = begun + due;
            for (long left = instant - System.nanoTime(); left > 0; left = instant - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            calls.add(call.get().thenRun(() -> times.recordValue(System.nanoTime() - instant)));
        }
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)).join();
        return new Figures(times, Duration.ofNanos(System.nanoTime() - begun));
    }

    /**
     * Looks for the highest rate at which 99 of 100 calls are answered in time, by halving.
     *
     * @param bound milliseconds
     * @param most calls a second, which are not exceeded
     * @param steps how often to halve
     * @param atRate measures
     * @return the rate, 0 if there is none
     */
    static double highestRate(double bound, double most, int steps, DoubleFunction<Figures> atRate) {
        double holds = 0;
        double fails = most;
        for (int step = 0; step < steps; step++) {
            double rate = (holds + fails) / 2;
            if (atRate.apply(rate).percentile(99) <= bound) {
                holds = rate;
            } else {
                fails = rate;
            }
        }
        return holds;
    }
}
