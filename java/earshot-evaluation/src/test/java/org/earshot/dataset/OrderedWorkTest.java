package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.error.CancelledException;
import org.junit.jupiter.api.Test;

class OrderedWorkTest {
    @Test
    void resultsComeInOrderInTheCallersThread() {
        List<String> results = new ArrayList<>();
        Thread caller = Thread.currentThread();
        CountDownLatch secondIsDone = new CountDownLatch(1);
        OrderedWork.run(
                3,
                40,
                2,
                i -> {
                    // The first piece ends after the second, whose result has to wait for it.
                    if (i == 4) {
                        secondIsDone.countDown();
                    }
                    return i == 3 ? await(secondIsDone) + "3" : Integer.toString(i);
                },
                (result, i) -> {
                    assertSame(caller, Thread.currentThread());
                    results.add(result);
                });
        assertEquals(37, results.size());
        assertEquals(List.of("true3", "4", "5"), results.subList(0, 3));
        assertEquals("39", results.get(36));
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFailureEndsItAndNothingRunsAfterwards() {
        AtomicInteger started = new AtomicInteger();
        AtomicInteger running = new AtomicInteger();
        List<Integer> results = new ArrayList<>();
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> OrderedWork.run(
                        0,
                        1000,
                        2,
                        i -> {
                            started.incrementAndGet();
                            running.incrementAndGet();
                            try {
                                if (i == 5) {
                                    throw new IllegalArgumentException("five");
                                }
                                return i;
                            } finally {
                                running.decrementAndGet();
                            }
                        },
                        (Integer result, int i) -> results.add(result)));
        assertEquals("five", e.getMessage());
        assertEquals(List.of(0, 1, 2, 3, 4), results);
        assertEquals(0, running.get());
        // No more than were allowed to run ahead.
        assertTrue(started.get() <= 5 + 2 * 4, started + " started");
    }

    @Test
    void aCallerInterruptedBeforehandStartsNothing() {
        AtomicInteger started = new AtomicInteger();
        Thread.currentThread().interrupt();
        try {
            assertThrows(
                    CancelledException.class,
                    () -> OrderedWork.run(0, 3, 2, i -> started.incrementAndGet(), (result, i) -> {}));
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals(0, started.get());
    }

    /** An interrupt ends the work at the next result, though more of them may be ready. */
    @Test
    void aCallerInterruptedMeanwhileTakesNoFurtherResult() {
        List<Integer> results = new ArrayList<>();
        try {
            assertThrows(
                    CancelledException.class,
                    () -> OrderedWork.run(0, 3, 2, i -> i, (Integer result, int i) -> {
                        results.add(result);
                        Thread.currentThread().interrupt();
                    }));
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals(List.of(0), results);
    }
}
