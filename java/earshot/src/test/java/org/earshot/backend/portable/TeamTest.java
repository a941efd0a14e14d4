package org.earshot.backend.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class TeamTest {
    @Test
    void everyTaskRunsOnceInEveryJob() {
        try (Team team = new Team(4)) {
            for (int count : new int[] {0, 1, 2, 3, 4, 5, 100}) {
                AtomicIntegerArray runs = new AtomicIntegerArray(count);
                for (int job = 0; job < 50; job++) {
                    team.parallel(count, (task, worker) -> runs.incrementAndGet(task));
                }
                for (int i = 0; i < count; i++) {
                    assertEquals(50, runs.get(i));
                }
            }
        }
    }

    @Test
    void anExceptionReachesTheCallerAndTheTeamGoesOn() {
        try (Team team = new Team(3)) {
            for (int bad = 0; bad < 10; bad++) {
                int culprit = bad;
                IllegalStateException e = assertThrows(
                        IllegalStateException.class,
                        () -> team.parallel(10, (task, worker) -> {
                            if (task == culprit) {
                                throw new IllegalStateException("task " + task);
                            }
                        }));
                assertEquals("task " + culprit, e.getMessage());
            }
            AtomicIntegerArray runs = new AtomicIntegerArray(5);
            team.parallel(5, (task, worker) -> runs.incrementAndGet(task));
            assertEquals(1, runs.get(4));
        }
    }

    @Test
    void closeEndsTheThreads() throws InterruptedException {
        Team team = new Team(3);
        Thread[] seen = new Thread[3];
        // Tasks that wait for each other, so that every worker takes one.
        java.util.concurrent.CyclicBarrier barrier = new java.util.concurrent.CyclicBarrier(3);
        team.parallel(3, (task, worker) -> {
            seen[worker] = Thread.currentThread();
            try {
                barrier.await();
            } catch (InterruptedException | java.util.concurrent.BrokenBarrierException e) {
                throw new IllegalStateException(e);
            }
        });
        team.close();
        team.close();
        for (int i = 1; i < 3; i++) {
            assertTrue(seen[i].isDaemon());
            seen[i].join(10_000);
            assertTrue(!seen[i].isAlive());
        }
        assertThrows(IllegalStateException.class, () -> team.parallel(1, (task, worker) -> {}));
    }
}
