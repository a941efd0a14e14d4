package org.earshot.backend.cuda;

import org.earshot.backend.Memory;
import org.earshot.backend.View;

/** Zeroed memory of the device. */
final class CudaMemory implements Memory {
    private final CudaExecution owner;
    private final long floats;
    private final EarshotCuda.earshot_cuda_memory handle = new EarshotCuda.earshot_cuda_memory();

    CudaMemory(CudaExecution owner, EarshotCuda.earshot_cuda_stream stream, long floats) {
        this.owner = owner;
        this.floats = floats;
        CudaStatus.check(EarshotCuda.earshot_cuda_memory_create(stream, floats, handle));
    }

    static EarshotCuda.earshot_cuda_memory handle(View view) {
        return ((CudaMemory) view.memory()).handle();
    }

    EarshotCuda.earshot_cuda_memory handle() {
        return handle;
    }

    @Override
    public long floats() {
        return floats;
    }

    @Override
    public void close() {
        if (owner.forget(this)) {
            EarshotCuda.earshot_cuda_memory_destroy(handle);
        }
    }
}
