package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SessionPoolTest {
    private static final class Fake implements SessionPool.Pooled {
        private int closed;

        @Override
        public void close() {
            closed++;
        }
    }

    /** Frames from the end of the stack, more than a call may need. */
    private static final int DEPTHS = 1000;

    private final AtomicInteger made = new AtomicInteger();

    private static final Duration ANY_TIME = ChronoUnit.FOREVER.getDuration();

    private static int waiting(boolean failWhenBusy) {
        return failWhenBusy ? 0 : Integer.MAX_VALUE;
    }

    private static <S extends SessionPool.Pooled> SessionPool<S>.Turn enter(SessionPool<S> pool) {
        return pool.enter(new Call(CallOptions.none(), "a call"));
    }

    private SessionPool<Fake> pool(int size, boolean failWhenBusy) {
        return new SessionPool<>(size, waiting(failWhenBusy), ANY_TIME, List.of(() -> {
            made.incrementAndGet();
            return new Fake();
        }));
    }

    /** On a thread of its own: what waits must not keep others from running. */
    private static <T> CompletableFuture<T> async(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, task -> new Thread(task).start());
    }

    private static <T> T soon(CompletableFuture<T> future) {
        return future.orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Test
    void sessionsAreMadeWhenNeededAndReused() {
        SessionPool<Fake> pool = pool(2, false);
        SessionPool<Fake>.Turn first = enter(pool);
        Fake session = first.session();
        assertEquals(1, made.get());
        first.close();
        first.close();
        assertSame(session, enter(pool).session());
        assertNotSame(session, enter(pool).session());
        assertEquals(2, made.get());
    }

    @Test
    void aBusyPoolFailsIfAsked() {
        SessionPool<Fake> pool = pool(2, true);
        SessionPool<Fake>.Turn first = enter(pool);
        Fake session = first.session();
        enter(pool);
        BusyException e = assertThrows(BusyException.class, () -> enter(pool));
        assertTrue(e.getMessage().contains("2 of 2 sessions"), e.getMessage());
        first.close();
        assertSame(session, enter(pool).session());
    }

    @Test
    void callsBeyondThePoolWait() {
        SessionPool<Fake> pool = pool(1, false);
        SessionPool<Fake>.Turn only = enter(pool);
        Fake session = only.session();
        CompletableFuture<Fake> waiting = async(() -> enter(pool).session());
        assertFalse(waiting.isDone());
        only.close();
        assertSame(session, soon(waiting));
    }

    @Test
    void closeWaitsForSessionsAndEndsThem() throws InterruptedException {
        SessionPool<Fake> pool = pool(2, false);
        SessionPool<Fake>.Turn first = enter(pool);
        SessionPool<Fake>.Turn second = enter(pool);
        List<Fake> sessions = List.of(first.session(), second.session());
        CompletableFuture<Boolean> closing = async(pool::close);
        first.close();
        while (pool.isOpen()) {
            Thread.sleep(1);
        }
        assertFalse(closing.isDone());
        assertThrows(IllegalStateException.class, () -> enter(pool));
        second.close();
        assertTrue(soon(closing));
        assertEquals(List.of(1, 1), sessions.stream().map(fake -> fake.closed).toList());
        assertFalse(pool.close());
        assertEquals(List.of(1, 1), sessions.stream().map(fake -> fake.closed).toList());
    }

    @Test
    void whoWaitsWhenThePoolClosesIsTold() {
        SessionPool<Fake> pool = pool(1, false);
        SessionPool<Fake>.Turn only = enter(pool);
        CompletableFuture<SessionPool<Fake>.Turn> waiting = async(() -> enter(pool));
        CompletableFuture<Boolean> closing = async(pool::close);
        only.close();
        // Either the waiting call got the session before the close, or it learns that the pool is closed.
        try {
            soon(waiting).close();
        } catch (CompletionException e) {
            assertInstanceOf(IllegalStateException.class, e.getCause());
        }
        assertTrue(soon(closing));
    }

    static List<Throwable> failures() {
        return List.of(
                new IllegalStateException("no device"),
                new OutOfMemoryError("no heap"),
                new StackOverflowError(),
                new UnsatisfiedLinkError("no library"),
                new AssertionError("a bug"));
    }

    private static RuntimeException thrown(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) failure;
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aSessionThatCannotBeMadeLeavesThePoolUsable(Throwable failure) {
        SessionPool<Fake> pool = new SessionPool<>(1, 0, ANY_TIME, List.of(() -> {
            if (made.getAndIncrement() < 3) {
                throw thrown(failure);
            }
            return new Fake();
        }));
        for (int i = 0; i < 3; i++) {
            assertSame(failure, assertThrows(failure.getClass(), () -> enter(pool)));
        }
        enter(pool).close();
        assertTrue(soon(async(pool::close)));
    }

    @Test
    void aSpoiltSessionIsClosedAndNotPooled() {
        SessionPool<Fake> pool = pool(1, true);
        SessionPool<Fake>.Turn turn = enter(pool);
        Fake spoilt = turn.session();
        IllegalStateException failure = new IllegalStateException("half-done");
        assertSame(
                failure,
                assertThrows(
                        IllegalStateException.class,
                        () -> turn.compute(session -> {
                            assertSame(spoilt, session);
                            throw failure;
                        })));
        turn.close();
        assertEquals(1, spoilt.closed);
        SessionPool<Fake>.Turn next = enter(pool);
        assertNotSame(spoilt, next.session());
        next.close();
        assertTrue(pool.close());
        assertEquals(1, spoilt.closed);
        assertEquals(2, made.get());
    }

    @Test
    void aCallThatStepsAsideGoesOnAfterThoseThatWaited() throws InterruptedException {
        SessionPool<Fake> pool = pool(1, false);
        SessionPool<Fake>.Turn longCall = enter(pool);
        Fake session = longCall.session();
        longCall.letOthers();
        assertSame(session, longCall.session(), "nobody waits");
        CompletableFuture<Fake> shortCall = new CompletableFuture<>();
        Thread waiting = new Thread(() -> {
            try (SessionPool<Fake>.Turn turn = enter(pool)) {
                shortCall.complete(turn.session());
            }
        });
        waiting.start();
        while (waiting.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        longCall.letOthers();
        assertTrue(shortCall.isDone(), "the short call came first");
        assertSame(session, longCall.session());
        waiting.join();
        longCall.close();
        assertTrue(pool.close());
        assertEquals(1, made.get());
    }

    /** The pool waits for a call that stepped aside as for one that computes. */
    @Test
    void closeWaitsForACallThatSteppedAside() throws InterruptedException {
        SessionPool<Fake> pool = pool(1, false);
        SessionPool<Fake>.Turn first = enter(pool);
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread second = new Thread(() -> {
            SessionPool<Fake>.Turn turn = enter(pool);
            entered.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            } finally {
                turn.close();
            }
        });
        second.start();
        while (second.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        CompletableFuture<Integer> stepped = async(() -> {
            first.letOthers();
            int closed = first.session().closed;
            first.close();
            return closed;
        });
        entered.await();
        CompletableFuture<Boolean> closing = async(pool::close);
        while (pool.isOpen()) {
            Thread.sleep(1);
        }
        assertFalse(closing.isDone());
        go.countDown();
        assertEquals(0, soon(stepped), "the session was still open");
        assertTrue(soon(closing));
    }

    @Test
    void onlySoManyCallsStepAside() throws InterruptedException {
        SessionPool<Fake> pool = pool(1, false);
        int most = SessionPool.MOST_STEPPED_ASIDE;
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        AtomicInteger mostAtOnce = new AtomicInteger();
        List<Thread> calls = new ArrayList<>();
        for (int i = 0; i < 4 * most; i++) {
            Thread call = new Thread(() -> {
                try (SessionPool<Fake>.Turn turn = enter(pool)) {
                    int open = begun.incrementAndGet() - done.get();
                    mostAtOnce.accumulateAndGet(open, Math::max);
                    for (int window = 0; window < 3; window++) {
                        turn.letOthers();
                    }
                    done.incrementAndGet();
                }
            });
            calls.add(call);
            call.start();
        }
        for (Thread call : calls) {
            call.join();
        }
        assertEquals(4 * most, done.get());
        // Those that stepped aside, and the one that computes.
        assertTrue(mostAtOnce.get() <= most + 1, mostAtOnce + " at once");
        assertTrue(pool.close());
    }

    /** A caller whose stack is nearly full loses its call and nothing else. */
    @Test
    void aStackOverflowAnywhereInACallLeavesThePoolUsable() throws InterruptedException {
        SessionPool<Fake> pool = pool(1, true);
        Thread caller = new Thread(null, () -> callAtEveryDepth(pool), "deep", 1 << 18);
        caller.start();
        caller.join();
        enter(pool).close();
        assertTrue(soon(async(pool::close)));
    }

    /** Calls on the way back from the deepest frame there is; returns how many frames lie below. */
    @SuppressWarnings("InfiniteRecursion") // Until the stack is full: that is what is tested.
    private static int callAtEveryDepth(SessionPool<Fake> pool) {
        int below;
        try {
            below = 1 + callAtEveryDepth(pool);
        } catch (StackOverflowError e) {
            below = 0;
        }
        if (below < DEPTHS) {
            try (SessionPool<Fake>.Turn turn = enter(pool)) {
                overflow(turn);
            } catch (StackOverflowError e) {
                return below;
            }
        }
        return below;
    }

    @SuppressWarnings("InfiniteRecursion")
    private static int overflow(Object turn) {
        return 1 + overflow(turn);
    }

    /** Calls of platform threads, begun while another one has the only session; each tells who works on it. */
    private static List<CompletableFuture<Thread>> waitingCalls(
            SessionPool<Fake> pool, CallThreads threads, int count, List<Integer> order) throws InterruptedException {
        List<CompletableFuture<Thread>> calls = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            calls.add(async(() -> pool.run(new Call(CallOptions.none(), "a call"), threads, turn -> {
                order.add(number);
                return Thread.currentThread();
            })));
            while (pool.waiting() <= i) {
                Thread.sleep(1);
            }
        }
        return calls;
    }

    @Test
    void aThreadThatIsDoneGoesOnWithTheNextCallThatWaits() throws InterruptedException {
        SessionPool<Fake> pool = pool(1, false);
        try (CallThreads threads = new CallThreads()) {
            Thread inline = pool.run(new Call(CallOptions.none(), "a call"), threads, turn -> Thread.currentThread());
            assertSame(Thread.currentThread(), inline, "nothing to wait for");
            SessionPool<Fake>.Turn busy = enter(pool);
            List<Integer> order = new ArrayList<>();
            List<CompletableFuture<Thread>> calls = waitingCalls(pool, threads, 20, order);
            busy.close();
            Set<Thread> workers = new HashSet<>();
            calls.forEach(call -> workers.add(soon(call)));
            assertEquals(1, workers.size(), () -> "one thread for all of them, not " + workers);
            assertEquals(IntStream.range(0, 20).boxed().toList(), order, "in the order in which they came");
            assertTrue(pool.close());
        }
        assertEquals(1, made.get());
    }

    @Test
    void aCallThatNoOtherThreadCanTakeIsDoneByItsOwn() throws InterruptedException {
        SessionPool<Fake> pool = pool(1, false);
        CallThreads threads = new CallThreads();
        threads.close();
        SessionPool<Fake>.Turn busy = enter(pool);
        List<CompletableFuture<Thread>> calls = waitingCalls(pool, threads, 3, new ArrayList<>());
        busy.close();
        Set<Thread> workers = new HashSet<>();
        calls.forEach(call -> workers.add(soon(call)));
        assertEquals(3, workers.size());
        assertTrue(pool.close());
    }

    /** What goes wrong in one call is that call's: the thread's next one has its session, and no interrupt. */
    @Test
    void aCallThatFailsLeavesItsThreadToTheNext() throws Exception {
        SessionPool<Fake> pool = pool(1, false);
        try (CallThreads threads = new CallThreads()) {
            SessionPool<Fake>.Turn busy = enter(pool);
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Boolean> flagKept = new CompletableFuture<>();
            Thread interrupted = new Thread(() -> {
                Call call = new Call(CallOptions.none(), "a call");
                assertThrows(
                        CancelledException.class,
                        () -> pool.run(call, threads, turn -> {
                            begun.countDown();
                            while (true) {
                                turn.requireWanted("computing");
                                Thread.onSpinWait();
                            }
                        }));
                flagKept.complete(Thread.currentThread().isInterrupted());
            });
            interrupted.start();
            while (pool.waiting() < 1) {
                Thread.sleep(1);
            }
            CompletableFuture<Void> failing =
                    async(() -> pool.run(new Call(CallOptions.none(), "a call"), threads, turn -> {
                        turn.requireWanted("computing");
                        throw new IllegalStateException("a bug");
                    }));
            while (pool.waiting() < 2) {
                Thread.sleep(1);
            }
            CompletableFuture<Boolean> last =
                    async(() -> pool.run(new Call(CallOptions.none(), "a call"), threads, turn -> Thread.currentThread()
                            .isInterrupted()));
            while (pool.waiting() < 3) {
                Thread.sleep(1);
            }
            busy.close();
            begun.await();
            interrupted.interrupt();
            assertTrue(soon(flagKept), "the caller's interrupt stays");
            CompletionException e = assertThrows(CompletionException.class, () -> soon(failing));
            assertEquals("a bug", e.getCause().getMessage());
            assertFalse(soon(last));
            assertTrue(pool.close());
        }
    }

    /** A session that knows where it was made. */
    private static final class Placed implements SessionPool.Pooled {
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
        return new SessionPool<>(size, 0, ANY_TIME, List.of(() -> new Placed(0), () -> new Placed(1)));
    }

    @Test
    void sessionsAreSpreadOverTheBackends() {
        SessionPool<Placed> pool = spread(5);
        List<SessionPool<Placed>.Turn> turns = new ArrayList<>();
        List<Placed> taken = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            turns.add(enter(pool));
            taken.add(turns.get(i).session());
            long first = taken.stream().filter(session -> session.place == 0).count();
            assertTrue(Math.abs(2 * first - taken.size()) <= 1, first + " of " + taken.size());
        }
        assertThrows(BusyException.class, () -> enter(pool));
        // Both of one backend come back: the next two callers get the very same.
        Set<Placed> ofSecond = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            if (taken.get(i).place == 1) {
                ofSecond.add(taken.get(i));
                turns.get(i).close();
            }
        }
        turns.add(enter(pool));
        turns.add(enter(pool));
        assertEquals(ofSecond, Set.of(turns.get(5).session(), turns.get(6).session()));
        turns.forEach(SessionPool.Turn::close);
        assertTrue(pool.close());
        assertEquals(
                List.of(1, 1, 1, 1, 1),
                taken.stream().map(session -> session.closed).toList());
    }

    @Test
    void aLostBackendIsAvoidedAsLongAsThereIsAnother() {
        SessionPool<Placed> pool = spread(4);
        SessionPool<Placed>.Turn lost = enter(pool);
        int place = lost.session().place;
        lost.avoid("gone");
        lost.close();
        List<SessionPool<Placed>.Turn> turns = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            turns.add(enter(pool));
            assertEquals(1 - place, turns.get(i).session().place);
        }
        turns.get(0).avoid("gone");
        turns.forEach(SessionPool.Turn::close);
        // With none left, callers are told what is wrong by the call itself.
        enter(pool).close();
        assertTrue(pool.close());
    }

    /** A backend on which no session can be made does not count as one that is in use. */
    @Test
    void sessionsThatCannotBeMadeAreInNobodysUse() {
        AtomicInteger failures = new AtomicInteger();
        SessionPool<Placed> pool = new SessionPool<>(
                2,
                0,
                ANY_TIME,
                List.of(
                        () -> {
                            failures.incrementAndGet();
                            throw new OutOfMemoryError("no room");
                        },
                        () -> new Placed(1)));
        for (int i = 0; i < 3; i++) {
            assertThrows(OutOfMemoryError.class, () -> enter(pool));
        }
        assertEquals(3, failures.get());
        assertTrue(pool.close());
    }
}
