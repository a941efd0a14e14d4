package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.earshot.BackendException;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Operation;
import org.earshot.backend.View;

/** A team of threads, Java arrays, and the rows the workers keep their tiles in. */
final class PortableExecution implements Execution {
    /** The longest array every common JVM allows. */
    private static final int LONGEST = Integer.MAX_VALUE - 8;

    private final Team team;
    private final List<RowPool> pools = new ArrayList<>();
    private final Set<Memory> memory = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    PortableExecution(int threads) {
        team = new Team(threads);
        for (int i = 0; i < threads; i++) {
            pools.add(new RowPool());
        }
    }

    Team team() {
        return team;
    }

    /** The rows of one worker. */
    RowPool pool(int worker) {
        return pools.get(worker);
    }

    @Override
    public int threads() {
        return team.size();
    }

    @Override
    public Memory allocate(long floats) {
        requireOpen();
        if (floats < 0 || floats > LONGEST) {
            throw new BackendException(
                    "portable memory", floats + " floats asked for", "0 to " + LONGEST + " (a Java array)");
        }
        try {
            PortableMemory block = new PortableMemory(this, (int) floats);
            memory.add(block);
            return block;
        } catch (OutOfMemoryError e) {
            throw new BackendException(
                    "portable memory",
                    floats + " floats asked for, which the Java heap has no room for",
                    "a larger heap (-Xmx) or a smaller batch",
                    e);
        }
    }

    @Override
    public boolean owns(Memory block) {
        return memory.contains(block);
    }

    /** A block was closed. */
    void forget(PortableMemory block) {
        memory.remove(block);
    }

    @Override
    public void write(float[] source, View target) {
        requireOwn(target);
        System.arraycopy(source, 0, PortableMemory.values(target), PortableMemory.offset(target), elements(target));
    }

    @Override
    public void read(View source, float[] target) {
        requireOwn(source);
        System.arraycopy(PortableMemory.values(source), PortableMemory.offset(source), target, 0, elements(source));
    }

    @Override
    public void run(List<Operation.Step> steps) {
        requireOpen();
        for (Operation.Step step : steps) {
            step.run();
        }
    }

    private void requireOwn(View view) {
        if (!owns(view.memory())) {
            throw new IllegalArgumentException(
                    "a view into the memory of another execution, or into memory that was closed");
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the execution is closed");
        }
    }

    private static int elements(View view) {
        return Math.toIntExact(view.shape().elements());
    }

    @Override
    public void close() {
        closed = true;
        team.close();
        List.copyOf(memory).forEach(Memory::close);
        pools.clear();
    }
}
