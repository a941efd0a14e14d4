package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Operation;
import org.earshot.backend.View;
import org.earshot.backend.common.OwnedMemory;
import org.earshot.backend.common.OwningExecution;
import org.earshot.error.BackendException;

/** A team of threads, Java arrays, and the rows the workers keep their tiles in. */
final class PortableExecution extends OwningExecution {
    /** The longest array every common JVM allows. */
    private static final int LONGEST = Integer.MAX_VALUE - 8;

    private final Team team;
    private final List<RowPool> pools = new ArrayList<>();

    PortableExecution(int threads) {
        for (int i = 0; i < threads; i++) {
            pools.add(new RowPool());
        }
        // Last: what fails before it leaves no threads behind.
        team = new Team(threads);
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
    protected OwnedMemory reserve(long floats) {
        if (floats < 0 || floats > LONGEST) {
            throw new BackendException(
                    "portable memory", floats + " floats asked for", "0 to " + LONGEST + " (a Java array)");
        }
        try {
            return new PortableMemory(this, (int) floats);
        } catch (OutOfMemoryError e) {
            throw new BackendException(
                    "portable memory",
                    floats + " floats asked for, which the Java heap has no room for",
                    "a larger heap (-Xmx) or a smaller batch",
                    e);
        }
    }

    @Override
    public void write(float[] source, View target) {
        int count = requireOwn(target, source.length);
        System.arraycopy(source, 0, PortableMemory.values(target), PortableMemory.offset(target), count);
    }

    @Override
    public void read(View source, float[] target) {
        int count = requireOwn(source, target.length);
        System.arraycopy(PortableMemory.values(source), PortableMemory.offset(source), target, 0, count);
    }

    @Override
    public void run(List<Operation.Step> steps, Runnable beforeEach) {
        requireOpen();
        runEach(steps, beforeEach);
    }

    @Override
    protected void stop() {
        team.close();
        pools.clear();
    }
}
