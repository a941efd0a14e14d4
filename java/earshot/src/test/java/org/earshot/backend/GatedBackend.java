package org.earshot.backend;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;

/**
 * The portable backend, with a gate at which front ends wait before they compute while it is shut; steps are counted.
 */
public final class GatedBackend implements Backend {
    private final Backend portable = new PortableBackend(1);
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger steps = new AtomicInteger();
    private final Object gate = new Object();
    private int waiting;
    private boolean shut;
    private volatile RuntimeException failure;

    /** Starts with one thread and a gate that is open. */
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
        return new Counted(portable.prepare(layer), steps::incrementAndGet);
    }

    @Override
    public Operation frontEnd(FeatureParameters parameters) {
        return new Counted(portable.frontEnd(parameters), () -> {
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
        return portable.open();
    }

    private record Counted(Operation operation, Runnable before) implements Operation {
        @Override
        public Shape outputShape(List<Shape> inputs) {
            return operation.outputShape(inputs);
        }

        @Override
        public long scratch(List<Shape> inputs, Execution execution) {
            return operation.scratch(inputs, execution);
        }

        @Override
        public Step bind(Execution execution, List<View> inputs, View output, View scratch) {
            Step step = operation.bind(execution, inputs, output, scratch);
            return () -> {
                before.run();
                step.run();
            };
        }

        @Override
        public void close() {
            operation.close();
        }
    }
}
