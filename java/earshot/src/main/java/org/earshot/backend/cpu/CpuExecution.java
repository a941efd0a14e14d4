package org.earshot.backend.cpu;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Operation;
import org.earshot.backend.View;

/** A native team of threads, and native memory. */
final class CpuExecution implements Execution {
    private final int threads;
    private final EarshotCpu.earshot_cpu_team team = new EarshotCpu.earshot_cpu_team();
    private final Set<CpuMemory> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    CpuExecution(int threads) {
        this.threads = threads;
        NativeStatus.check(EarshotCpu.earshot_cpu_team_create(threads, team));
    }

    EarshotCpu.earshot_cpu_team team() {
        requireOpen();
        return team;
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public Memory allocate(long floats) {
        requireOpen();
        CpuMemory block = new CpuMemory(this, floats);
        blocks.add(block);
        return block;
    }

    @Override
    @SuppressWarnings("SuspiciousMethodCalls") // memory of any kind may be asked about
    public boolean owns(Memory memory) {
        return blocks.contains(memory);
    }

    /** A block was freed. */
    void forget(CpuMemory block) {
        blocks.remove(block);
    }

    @Override
    public void write(float[] source, View target) {
        int count = requireOwn(target, source.length);
        CpuMemory.pointer(target).put(source, 0, count);
    }

    @Override
    public void read(View source, float[] target) {
        int count = requireOwn(source, target.length);
        CpuMemory.pointer(source).get(target, 0, count);
    }

    private int requireOwn(View view, int length) {
        if (!owns(view.memory())) {
            throw new IllegalArgumentException(
                    "a view into the memory of another execution, or into memory that was closed");
        }
        int count = Math.toIntExact(view.shape().elements());
        Objects.checkFromIndexSize(0, count, length);
        return count;
    }

    @Override
    public void run(List<Operation.Step> steps) {
        requireOpen();
        // Not an iterator: running allocates nothing.
        for (int i = 0; i < steps.size(); i++) {
            steps.get(i).run();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the execution is closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            EarshotCpu.earshot_cpu_team_destroy(team);
            List.copyOf(blocks).forEach(CpuMemory::close);
        }
    }
}
