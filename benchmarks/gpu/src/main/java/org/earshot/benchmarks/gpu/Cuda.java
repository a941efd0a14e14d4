package org.earshot.benchmarks.gpu;

import java.util.Optional;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;

/** What is asked of NVIDIA's libraries before anything else, and how their failures are told. */
final class Cuda {
    private Cuda() {}

    /** Why nothing can run here, if nothing can. */
    static Optional<String> missing() {
        try {
            int[] devices = new int[1];
            int status = cudart.cudaGetDeviceCount(devices);
            if (status != cudart.cudaSuccess || devices[0] < 1) {
                return Optional.of(
                        "no device: " + cudart.cudaGetErrorString(status).getString());
            }
            versions();
            return Optional.empty();
        } catch (LinkageError e) {
            return Optional.of("no driver, or CUDA's libraries are not on LD_LIBRARY_PATH: " + e.getMessage());
        }
    }

    /** The libraries' versions, in words. */
    static String versions() {
        int[] runtime = new int[1];
        int[] driver = new int[1];
        check(cudart.cudaRuntimeGetVersion(runtime), "asking for the runtime's version");
        check(cudart.cudaDriverGetVersion(driver), "asking for the driver's version");
        return "CUDA runtime " + runtime[0] + ", driver for " + driver[0] + ", cuDNN " + cudnn.cudnnGetVersion()
                + ", cuBLASLt " + cublas.cublasLtGetVersion();
    }

    static void check(int status, String what) {
        if (status != cudart.cudaSuccess) {
            throw new IllegalStateException(
                    what + ": " + cudart.cudaGetErrorString(status).getString());
        }
    }

    static void checkCudnn(int status, String what) {
        if (status != cudnn.CUDNN_STATUS_SUCCESS) {
            throw new IllegalStateException(
                    what + ": " + cudnn.cudnnGetErrorString(status).getString());
        }
    }

    static void checkCublas(int status, String what) {
        if (status != cublas.CUBLAS_STATUS_SUCCESS) {
            throw new IllegalStateException(
                    what + ": " + cublas.cublasGetStatusString(status).getString());
        }
    }
}
