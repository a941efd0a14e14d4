package org.earshot.backend;

import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Layer;

/** With a gate at which front ends wait before they compute while it is shut; steps are counted. */
public final class GatedBackend extends WatchedBackend implements AutoCloseable {
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger steps = new AtomicInteger();
    private final Object gate = new Object();
    private int waiting;
    private boolean shut;
    private volatile RuntimeException failure;

    /** Open to the tests of other packages. */
    public GatedBackend() {}

    /** Lets nobody pass. */
    public void shut() {
        synchronized (gate) {
            shut = true;
        }
    }

    /** Lets everybody pass. */
    public void lift() {
        synchronized (gate) {
            shut = false;
            gate.notifyAll();
        }
    }

    /** Lets everybody pass: where a test fails, a classifier's close would wait for those who stand at the gate. */
    @Override
    public void close() {
        lift();
    }

    /** Runs that wait at the gate. */
    public int waiting() {
        synchronized (gate) {
            return waiting;
        }
    }

    /** Makes steps fail; with null, no more. */
    public void failWith(RuntimeException e) {
        failure = e;
    }

    /** Executions that were opened. */
    public int opened() {
        return opened.get();
    }

    /** Steps that were run. */
    public int steps() {
        return steps.get();
    }

    private void pass() {
        synchronized (gate) {
            waiting++;
            boolean interrupted = false;
            while (shut) {
                try {
                    gate.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            waiting--;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public String name() {
        return "gated";
    }

    @Override
    public Operation prepare(Layer layer) {
        return watched(super.prepare(layer), inputs -> steps.incrementAndGet());
    }

    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        return watched(super.frontEnd(parameters), inputs -> {
            pass();
            steps.incrementAndGet();
            if (failure != null) {
                throw failure;
            }
        });
    }

    @Override
    public Execution open() {
        opened.incrementAndGet();
        return super.open();
    }
}
