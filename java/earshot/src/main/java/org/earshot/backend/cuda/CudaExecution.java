package org.earshot.backend.cuda;

import java.util.List;
import org.earshot.backend.Operation;
import org.earshot.backend.View;
import org.earshot.backend.common.OwnedMemory;
import org.earshot.backend.common.OwningExecution;

/**
 * A stream of the device, and memory on it. The first run of a list of steps enqueues them one by one, the second
 * records them, and from then on the list is one launch of what was recorded.
 */
final class CudaExecution extends OwningExecution {
    private final EarshotCuda.earshot_cuda_stream stream = new EarshotCuda.earshot_cuda_stream();
    private final EarshotCuda.earshot_cuda_graph graph = new EarshotCuda.earshot_cuda_graph();
    private final CudaStaging staging;
    /** What ran last, and whether the graph holds it. */
    private List<Operation.Step> latest;

    private boolean recorded;

    CudaExecution(int device) {
        CudaStatus.check(EarshotCuda.earshot_cuda_stream_create(device, stream));
        staging = new CudaStaging(stream);
    }

    EarshotCuda.earshot_cuda_stream stream() {
        requireOpen();
        return stream;
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    protected OwnedMemory reserve(long floats) {
        return new CudaMemory(this, stream, floats);
    }

    /** A recording that uses memory which is being freed must not run again. */
    void forget(EarshotCuda.earshot_cuda_memory memory) {
        forgetRecording();
        staging.forget(memory);
    }

    @Override
    public void write(float[] source, View target) {
        int count = requireOwn(target, source.length);
        staging.write(source, count, CudaMemory.handle(target), target.offset());
    }

    @Override
    public void read(View source, float[] target) {
        int count = requireOwn(source, target.length);
        staging.read(CudaMemory.handle(source), source.offset(), target, count);
    }

    @Override
    public void prefetch(View source) {
        requireOwn(source);
        staging.fetch(CudaMemory.handle(source), source.offset(), source.shape().elements());
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the same list, not an equal one
    public void run(List<Operation.Step> steps, Runnable beforeEach) {
        requireOpen();
        beforeEach.run();
        staging.send();
        staging.forgetFetched();
        if (steps != latest) {
            forgetRecording();
            runEach(steps, GOES_ON);
            latest = steps;
            return;
        }
        if (!recorded) {
            record(steps);
        }
        CudaStatus.check(EarshotCuda.earshot_cuda_replay(stream, graph));
    }

    private void record(List<Operation.Step> steps) {
        CudaStatus.check(EarshotCuda.earshot_cuda_record_begin(stream));
        boolean enqueued = false;
        int status;
        try {
            runEach(steps, GOES_ON);
            enqueued = true;
        } finally {
            // Ends the recording in any case, so that the stream can go on.
            status = EarshotCuda.earshot_cuda_record_end(stream, graph);
            if (!enqueued) {
                forgetRecording();
            }
        }
        CudaStatus.check(status);
        recorded = true;
    }

    private void forgetRecording() {
        if (!graph.isNull()) {
            EarshotCuda.earshot_cuda_graph_destroy(graph);
            graph.setNull();
        }
        recorded = false;
        latest = null;
    }

    @Override
    public void finish() {
        requireOpen();
        staging.await();
    }

    @Override
    protected void stop() {
        forgetRecording();
    }

    /** Last, since memory is freed after the work of the stream that made it. */
    @Override
    protected void release() {
        EarshotCuda.earshot_cuda_stream_destroy(stream);
    }
}
