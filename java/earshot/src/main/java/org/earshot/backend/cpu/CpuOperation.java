package org.earshot.backend.cpu;

import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.earshot.backend.CheckedOperation;
import org.earshot.backend.Execution;
import org.earshot.backend.PackedLayer;
import org.earshot.backend.View;
import org.earshot.layer.Layer;
import org.earshot.layer.Shape;

/** A native operation: its handle, and how its arguments are handed over. */
final class CpuOperation extends CheckedOperation<CpuExecution> {
    private final Layer layer;
    private final EarshotCpu.earshot_cpu_op handle = new EarshotCpu.earshot_cpu_op();

    CpuOperation(Layer layer, int instructionSet, int precision) {
        super(layer, CpuExecution.class);
        this.layer = layer;
        PackedLayer packed = PackedLayer.of(layer);
        NativeStatus.check(EarshotCpu.earshot_cpu_op_create(
                packed.kind().code(),
                packed.numbers(),
                packed.numbers().length,
                packed.weights(),
                packed.weights().length,
                instructionSet,
                precision,
                handle));
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        layer.outputShape(inputs);
        long[] size = size(inputs.get(0));
        long[] floats = new long[1];
        NativeStatus.check(
                EarshotCpu.earshot_cpu_op_scratch(handle, size[0], size[1], size[2], execution.threads(), floats));
        return floats[0];
    }

    @Override
    protected Step bindChecked(CpuExecution execution, List<View> inputs, View output, View scratch) {
        View first = inputs.get(0);
        long[] size = size(first.shape());
        View second = inputs.size() > 1 ? inputs.get(1) : null;
        FloatPointer input0 = CpuMemory.pointer(first);
        FloatPointer input1 = second == null ? null : CpuMemory.pointer(second);
        FloatPointer result = CpuMemory.pointer(output);
        FloatPointer work = CpuMemory.pointer(scratch);
        long count0 = first.shape().elements();
        long count1 = second == null ? 0 : second.shape().elements();
        long resultCount = output.shape().elements();
        long workCount = scratch.shape().elements();
        long[] made = new long[1];
        NativeStatus.check(EarshotCpu.earshot_cpu_op_output(handle, size[0], size[1], size[2], made));
        if (made[0] != resultCount) {
            throw new IllegalArgumentException(layer.kind() + ": output " + output.shape()
                    + "; the native kernel makes " + made[0] + " values of input " + first.shape());
        }
        EarshotCpu.earshot_cpu_team team = execution.team();
        return () -> NativeStatus.check(EarshotCpu.earshot_cpu_op_run(
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
                size[0],
                size[1],
                size[2]));
    }

    @Override
    public void close() {
        if (!handle.isNull()) {
            EarshotCpu.earshot_cpu_op_destroy(handle);
            handle.setNull();
        }
    }
}
