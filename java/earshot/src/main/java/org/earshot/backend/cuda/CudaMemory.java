package org.earshot.backend.cuda;

import org.earshot.backend.View;
import org.earshot.backend.common.OwnedMemory;

/** Zeroed memory of the device. */
final class CudaMemory extends OwnedMemory {
    private final CudaExecution owner;
    private final EarshotCuda.earshot_cuda_memory handle = new EarshotCuda.earshot_cuda_memory();

    CudaMemory(CudaExecution owner, EarshotCuda.earshot_cuda_stream stream, long floats) {
        super(owner, floats);
        this.owner = owner;
        CudaStatus.check(EarshotCuda.earshot_cuda_memory_create(stream, floats, handle));
    }

    static EarshotCuda.earshot_cuda_memory handle(View view) {
        return ((CudaMemory) view.memory()).handle;
    }

    @Override
    protected void free() {
        owner.forget(handle);
        EarshotCuda.earshot_cuda_memory_destroy(handle);
    }
}
