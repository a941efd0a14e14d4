package org.earshot.backend.common;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Operation;
import org.earshot.backend.View;

/** An execution that knows which blocks of memory are its own, and frees them with itself. */
public abstract class OwningExecution implements Execution {
    private final Set<Memory> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    /** For backends. */
    protected OwningExecution() {}

    @Override
    public final Memory allocate(long floats) {
        requireOpen();
        Memory block = reserve(floats);
        blocks.add(block);
        return block;
    }

    @Override
    public final boolean owns(Memory memory) {
        return blocks.contains(memory);
    }

    /** Forgets a block, which is being closed; false if it was closed before. */
    boolean forget(Memory block) {
        return blocks.remove(block);
    }

    /**
     * Checks a copy.
     *
     * @param view the place in an execution's memory
     * @param length of the array on the other side
     * @return the number of values to copy
     * @throws IllegalArgumentException if the place is not in this execution's memory
     * @throws IndexOutOfBoundsException if the array is too short
     */
    protected final int requireOwn(View view, int length) {
        requireOwn(view);
        long count = view.shape().elements();
        Objects.checkFromIndexSize(0L, count, (long) length);
        return (int) count;
    }

    /**
     * Checks whose memory a view is in.
     *
     * @param view any view
     * @throws IllegalArgumentException if the place is not in this execution's memory
     */
    protected final void requireOwn(View view) {
        if (!owns(view.memory())) {
            throw new IllegalArgumentException(
                    "a view into the memory of another execution, or into memory that was closed");
        }
    }

    /**
     * Checks that this was not closed.
     *
     * @throws IllegalStateException if it was
     */
    protected final void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the execution is closed");
        }
    }

    @Override
    public final void close() {
        if (!closed) {
            closed = true;
            stop();
            List.copyOf(blocks).forEach(Memory::close);
            release();
        }
    }

    /**
     * Makes a block of zeros.
     *
     * @param floats number of values
     * @return the block
     */
    protected abstract OwnedMemory reserve(long floats);

    /**
     * Runs steps one behind the other. Not by an iterator: running allocates nothing.
     *
     * @param steps steps bound to this execution
     * @param beforeEach called before each of them
     */
    protected static void runEach(List<Operation.Step> steps, Runnable beforeEach) {
        for (int i = 0; i < steps.size(); i++) {
            beforeEach.run();
            steps.get(i).run();
        }
    }

    /** Ends what computes on the memory; the first thing that happens on close. */
    protected abstract void stop();

    /** Frees what the memory was made by; the last thing that happens on close. */
    protected void release() {}
}
