package org.earshot.backend.cpu;

import org.bytedeco.javacpp.FloatPointer;
import org.earshot.backend.View;
import org.earshot.backend.packing.Extents;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.backend.packing.PackedOperation;
import org.earshot.layer.Signature;

/** An operation on the CPU: its arguments are handed over as pointers with a number of floats. */
final class CpuOperation extends PackedOperation<CpuExecution, EarshotCpu.earshot_cpu_op> {
    CpuOperation(Signature signature, PackedLayer packed, int instructionSet, int precision) {
        super(signature, CpuExecution.class, create(packed, instructionSet, precision));
    }

    static EarshotCpu.earshot_cpu_op create(PackedLayer packed, int instructionSet, int precision) {
        EarshotCpu.earshot_cpu_op handle = new EarshotCpu.earshot_cpu_op();
        CpuStatus.check(EarshotCpu.earshot_cpu_op_create(
                packed.kind().code(),
                packed.numbers(),
                packed.numbers().length,
                packed.weights(),
                packed.weights().length,
                instructionSet,
                precision,
                handle));
        return handle;
    }

    @Override
    protected long scratch(Extents extents, int threads) {
        long[] floats = new long[1];
        CpuStatus.check(EarshotCpu.earshot_cpu_op_scratch(
                handle(), extents.batch(), extents.frames(), extents.bands(), threads, floats));
        return floats[0];
    }

    @Override
    protected Step bind(CpuExecution execution, Arguments arguments) {
        requireOutput(arguments);
        EarshotCpu.earshot_cpu_op handle = handle();
        EarshotCpu.earshot_cpu_team team = execution.team();
        View second = arguments.input1();
        FloatPointer input0 = CpuMemory.pointer(arguments.input0());
        FloatPointer input1 = second == null ? null : CpuMemory.pointer(second);
        FloatPointer result = CpuMemory.pointer(arguments.output());
        FloatPointer work = CpuMemory.pointer(arguments.scratch());
        long count0 = arguments.input0().shape().elements();
        long count1 = second == null ? 0 : second.shape().elements();
        long resultCount = arguments.output().shape().elements();
        long workCount = arguments.scratch().shape().elements();
        Extents extents = arguments.extents();
        return () -> CpuStatus.check(EarshotCpu.earshot_cpu_op_run(
                handle,
                team,
                input0,
                count0,
                input1,
                count1,
                result,
                resultCount,
                work,
                workCount,
                extents.batch(),
                extents.frames(),
                extents.bands()));
    }

    /** The library says itself what it makes. */
    private void requireOutput(Arguments arguments) {
        Extents extents = arguments.extents();
        long[] made = new long[1];
        CpuStatus.check(
                EarshotCpu.earshot_cpu_op_output(handle(), extents.batch(), extents.frames(), extents.bands(), made));
        if (made[0] != arguments.output().shape().elements()) {
            throw new IllegalArgumentException(
                    kind() + ": output " + arguments.output().shape() + "; the native kernel makes " + made[0]
                            + " values of input " + arguments.input0().shape());
        }
    }

    @Override
    protected void destroy() {
        EarshotCpu.earshot_cpu_op_destroy(handle());
    }
}
