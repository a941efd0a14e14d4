package org.earshot.backend.cuda;

import java.util.List;
import org.earshot.backend.CheckedOperation;
import org.earshot.backend.Execution;
import org.earshot.backend.PackedLayer;
import org.earshot.backend.View;
import org.earshot.layer.Shape;
import org.earshot.layer.Signature;

/** A native operation: its handle, and how its arguments are handed over. */
final class CudaOperation extends CheckedOperation<CudaExecution> {
    private final EarshotCuda.earshot_cuda_op handle = new EarshotCuda.earshot_cuda_op();

    CudaOperation(Signature signature, PackedLayer packed, int precision, int device) {
        super(signature, CudaExecution.class);
        CudaStatus.check(EarshotCuda.earshot_cuda_op_create(
                packed.kind().code(),
                packed.numbers(),
                packed.numbers().length,
                packed.weights(),
                packed.weights().length,
                precision,
                device,
                handle));
    }

    @Override
    public long scratch(List<Shape> inputs, Execution execution) {
        outputShape(inputs);
        long[] size = size(inputs.get(0));
        long[] floats = new long[1];
        CudaStatus.check(EarshotCuda.earshot_cuda_op_scratch(handle, size[0], size[1], size[2], floats));
        return floats[0];
    }

    @Override
    protected Step bindChecked(CudaExecution execution, List<View> inputs, View output, View scratch) {
        long[] size = size(inputs.get(0).shape());
        View second = inputs.size() > 1 ? inputs.get(1) : null;
        EarshotCuda.earshot_cuda_memory input0 = CudaMemory.handle(inputs.get(0));
        EarshotCuda.earshot_cuda_memory input1 = second == null ? null : CudaMemory.handle(second);
        EarshotCuda.earshot_cuda_memory result = CudaMemory.handle(output);
        EarshotCuda.earshot_cuda_memory work = CudaMemory.handle(scratch);
        long offset0 = inputs.get(0).offset();
        long offset1 = second == null ? 0 : second.offset();
        EarshotCuda.earshot_cuda_stream stream = execution.stream();
        return () -> CudaStatus.check(EarshotCuda.earshot_cuda_op_run(
                handle,
                stream,
                input0,
                offset0,
                input1,
                offset1,
                result,
                output.offset(),
                work,
                scratch.offset(),
                size[0],
                size[1],
                size[2]));
    }

    @Override
    public void close() {
        if (!handle.isNull()) {
            EarshotCuda.earshot_cuda_op_destroy(handle);
            handle.setNull();
        }
    }
}
