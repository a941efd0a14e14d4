package org.earshot.backend.cuda;

import org.earshot.backend.View;
import org.earshot.backend.packing.Extents;
import org.earshot.backend.packing.PackedLayer;
import org.earshot.backend.packing.PackedOperation;
import org.earshot.layer.Signature;

/** An operation on a device: its arguments are handed over as places in blocks of memory. */
final class CudaOperation extends PackedOperation<CudaExecution, EarshotCuda.earshot_cuda_op> {
    CudaOperation(Signature signature, PackedLayer packed, int precision, int device) {
        super(signature, CudaExecution.class, create(packed, precision, device));
    }

    private static EarshotCuda.earshot_cuda_op create(PackedLayer packed, int precision, int device) {
        EarshotCuda.earshot_cuda_op handle = new EarshotCuda.earshot_cuda_op();
        CudaStatus.check(EarshotCuda.earshot_cuda_op_create(
                packed.kind().code(),
                packed.numbers(),
                packed.numbers().length,
                packed.weights(),
                packed.weights().length,
                precision,
                device,
                handle));
        return handle;
    }

    @Override
    protected long scratch(Extents extents, int threads) {
        long[] floats = new long[1];
        CudaStatus.check(EarshotCuda.earshot_cuda_op_scratch(
                handle(), extents.batch(), extents.frames(), extents.bands(), floats));
        return floats[0];
    }

    @Override
    protected Step bind(CudaExecution execution, Arguments arguments) {
        EarshotCuda.earshot_cuda_op handle = handle();
        EarshotCuda.earshot_cuda_stream stream = execution.stream();
        View second = arguments.input1();
        EarshotCuda.earshot_cuda_memory input0 = CudaMemory.handle(arguments.input0());
        EarshotCuda.earshot_cuda_memory input1 = second == null ? null : CudaMemory.handle(second);
        EarshotCuda.earshot_cuda_memory result = CudaMemory.handle(arguments.output());
        EarshotCuda.earshot_cuda_memory work = CudaMemory.handle(arguments.scratch());
        long offset0 = arguments.input0().offset();
        long offset1 = second == null ? 0 : second.offset();
        long resultOffset = arguments.output().offset();
        long workOffset = arguments.scratch().offset();
        Extents extents = arguments.extents();
        return () -> CudaStatus.check(EarshotCuda.earshot_cuda_op_run(
                handle,
                stream,
                input0,
                offset0,
                input1,
                offset1,
                result,
                resultOffset,
                work,
                workOffset,
                extents.batch(),
                extents.frames(),
                extents.bands()));
    }

    @Override
    protected void destroy() {
        EarshotCuda.earshot_cuda_op_destroy(handle());
    }
}
