package org.earshot.backend.cpu;

import java.util.List;
import org.earshot.backend.Operation;
import org.earshot.backend.View;
import org.earshot.backend.common.OwnedMemory;
import org.earshot.backend.common.OwningExecution;

/** A native team of threads, and native memory. */
final class CpuExecution extends OwningExecution {
    private final int threads;
    private final EarshotCpu.earshot_cpu_team team = new EarshotCpu.earshot_cpu_team();

    CpuExecution(int threads) {
        this.threads = threads;
        CpuStatus.check(EarshotCpu.earshot_cpu_team_create(threads, team));
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
    protected OwnedMemory reserve(long floats) {
        return new CpuMemory(this, floats);
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

    @Override
    public void run(List<Operation.Step> steps, Runnable beforeEach) {
        requireOpen();
        runEach(steps, beforeEach);
    }

    @Override
    protected void stop() {
        EarshotCpu.earshot_cpu_team_destroy(team);
    }
}
