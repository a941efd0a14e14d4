package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
        return new SessionPool<>(size, failWhenBusy, () -> {
            made.incrementAndGet();
            return new Fake();
        });
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
        SessionPool<Fake> pool = new SessionPool<>(1, true, () -> {
            if (made.getAndIncrement() == 0) {
                throw new IllegalStateException("no memory");
            }
            return new Fake();
        });
        assertThrows(IllegalStateException.class, pool::take);
        pool.take();
    }
}
