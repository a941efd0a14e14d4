package org.earshot.benchmarks.gpu;

import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;

/** cuDNN and cuBLASLt, opened once for a process, with the stream they work on and memory they may use meanwhile. */
final class Libraries {
    private static final long WORKSPACE = 512L << 20;

    private static Libraries opened;

    final CUstream_st stream = new CUstream_st();
    final cudnnContext dnn = new cudnnContext();
    final cublasLtContext blas = new cublasLtContext();
    final DeviceMemory workspace;

    private Libraries() {
        Cuda.check(cudart.cudaStreamCreate(stream), "creating a stream");
        Cuda.checkCudnn(cudnn.cudnnCreate(dnn), "opening cuDNN");
        Cuda.checkCudnn(cudnn.cudnnSetStream(dnn, stream), "giving cuDNN its stream");
        Cuda.checkCublas(cublas.cublasLtCreate(blas), "opening cuBLASLt");
        workspace = new DeviceMemory(WORKSPACE / Float.BYTES, false);
    }

    static synchronized Libraries open() {
        if (opened == null) {
            opened = new Libraries();
        }
        return opened;
    }

    /** Enqueues what was recorded and waits for it. */
    interface Recording extends AutoCloseable {
        void run();

        @Override
        void close();
    }

    /** Records what some work enqueues on the stream, as a graph. */
    Recording record(Runnable work) {
        CUgraph_st graph = new CUgraph_st();
        CUgraphExec_st executable = new CUgraphExec_st();
        Cuda.check(cudart.cudaStreamBeginCapture(stream, cudart.cudaStreamCaptureModeThreadLocal), "beginning a graph");
        int ended;
        try {
            work.run();
        } finally {
            ended = cudart.cudaStreamEndCapture(stream, graph);
        }
        Cuda.check(ended, "recording a graph");
        Cuda.check(cudart.cudaGraphInstantiate(executable, graph, 0), "making a graph");
        return new Recording() {
            @Override
            public void run() {
                Cuda.check(cudart.cudaGraphLaunch(executable, stream), "enqueueing a graph");
                await();
            }

            @Override
            public void close() {
                cudart.cudaGraphExecDestroy(executable);
                cudart.cudaGraphDestroy(graph);
            }
        };
    }

    void await() {
        Cuda.check(cudart.cudaStreamSynchronize(stream), "running");
    }
}
