package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SessionPoolTest {
    private static final class Fake implements SessionPool.Session {
        private int closed;

        @Override
        public void close() {
            closed++;
        }
    }

    private final AtomicInteger made = new AtomicInteger();

    private SessionPool<Fake> pool(int size, boolean failWhenBusy) {
        return new SessionPool<>(size, failWhenBusy, List.of(() -> {
            made.incrementAndGet();
            return new Fake();
        }));
    }

    @Test
    void sessionsAreMadeWhenNeededAndReused() {
        SessionPool<Fake> pool = pool(2, false);
        Fake first = pool.take();
        assertEquals(1, made.get());
        pool.giveBack(first);
        assertSame(first, pool.take());
        assertNotSame(first, pool.take());
        assertEquals(2, made.get());
    }

    @Test
    void aBusyPoolFailsIfAsked() {
        SessionPool<Fake> pool = pool(2, true);
        Fake first = pool.take();
        pool.take();
        BusyException e = assertThrows(BusyException.class, pool::take);
        assertTrue(e.getMessage().contains("2 of 2 sessions"), e.getMessage());
        pool.giveBack(first);
        assertSame(first, pool.take());
    }

    @Test
    void callsBeyondThePoolWait() {
        SessionPool<Fake> pool = pool(1, false);
        Fake only = pool.take();
        CompletableFuture<Fake> waiting = CompletableFuture.supplyAsync(pool::take);
        assertFalse(waiting.isDone());
        pool.giveBack(only);
        assertSame(only, waiting.orTimeout(60, TimeUnit.SECONDS).join());
    }

    @Test
    void closeWaitsForSessionsAndEndsThem() throws InterruptedException {
        SessionPool<Fake> pool = pool(2, false);
        Fake first = pool.take();
        Fake second = pool.take();
        CompletableFuture<Boolean> closing = CompletableFuture.supplyAsync(pool::close);
        pool.giveBack(first);
        while (pool.isOpen()) {
            Thread.sleep(1);
        }
        assertFalse(closing.isDone());
        assertThrows(IllegalStateException.class, pool::take);
        pool.giveBack(second);
        assertTrue(closing.orTimeout(60, TimeUnit.SECONDS).join());
        assertEquals(1, first.closed);
        assertEquals(1, second.closed);
        assertFalse(pool.close());
        assertEquals(1, first.closed);
    }

    @Test
    void whoWaitsWhenThePoolClosesIsTold() {
        SessionPool<Fake> pool = pool(1, false);
        Fake only = pool.take();
        CompletableFuture<Fake> waiting = CompletableFuture.supplyAsync(pool::take);
        CompletableFuture<Boolean> closing = CompletableFuture.supplyAsync(pool::close);
        pool.giveBack(only);
        // Either the waiting call got the session before the close, or it learns that the pool is closed.
        try {
            pool.giveBack(waiting.orTimeout(60, TimeUnit.SECONDS).join());
        } catch (CompletionException e) {
            assertInstanceOf(IllegalStateException.class, e.getCause());
        }
        assertTrue(closing.orTimeout(60, TimeUnit.SECONDS).join());
    }

    @Test
    void aSessionThatCannotBeMadeLeavesThePoolUsable() {
        SessionPool<Fake> pool = new SessionPool<>(1, true, List.of(() -> {
            if (made.getAndIncrement() == 0) {
                throw new IllegalStateException("no memory");
            }
            return new Fake();
        }));
        assertThrows(IllegalStateException.class, pool::take);
        pool.take();
    }

    /** A session that knows where it was made. */
    private static final class Placed implements SessionPool.Session {
        private final int place;
        private int closed;

        Placed(int place) {
            this.place = place;
        }

        @Override
        public void close() {
            closed++;
        }
    }

    private static SessionPool<Placed> spread(int size) {
        return new SessionPool<>(size, true, List.of(() -> new Placed(0), () -> new Placed(1)));
    }

    @Test
    void sessionsAreSpreadOverTheBackends() {
        SessionPool<Placed> pool = spread(5);
        List<Placed> taken = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            taken.add(pool.take());
            long first = taken.stream().filter(session -> session.place == 0).count();
            assertTrue(Math.abs(2 * first - taken.size()) <= 1, first + " of " + taken.size());
        }
        assertThrows(BusyException.class, pool::take);
        // Both of one backend come back: the next two callers get the very same.
        List<Placed> ofSecond =
                taken.stream().filter(session -> session.place == 1).toList();
        ofSecond.forEach(pool::giveBack);
        assertEquals(Set.copyOf(ofSecond), Set.copyOf(List.of(pool.take(), pool.take())));
        taken.forEach(pool::giveBack);
        assertTrue(pool.close());
        assertEquals(
                List.of(1, 1, 1, 1, 1),
                taken.stream().map(session -> session.closed).toList());
    }

    @Test
    void aLostBackendIsAvoidedAsLongAsThereIsAnother() {
        SessionPool<Placed> pool = spread(4);
        Placed lost = pool.take();
        pool.avoid(lost);
        pool.giveBack(lost);
        List<Placed> taken = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            taken.add(pool.take());
            assertEquals(1 - lost.place, taken.get(i).place);
        }
        pool.avoid(taken.get(0));
        taken.forEach(pool::giveBack);
        // With none left, callers are told what is wrong by the call itself.
        Placed any = pool.take();
        pool.giveBack(any);
        assertTrue(pool.close());
    }
}
