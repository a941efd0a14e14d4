package org.earshot.backend.cuda;

import org.earshot.error.BackendException;
import org.earshot.error.DeviceException;

/** The one place where a status of the native side becomes an exception. */
final class CudaStatus {
    private CudaStatus() {}

    static void check(int status) {
        if (status != EarshotCuda.EARSHOT_CUDA_OK) {
            throw exception(status, EarshotCuda.earshot_cuda_last_error().getString());
        }
    }

    /** What a status other than OK means. */
    static RuntimeException exception(int status, String text) {
        return switch (status) {
            case EarshotCuda.EARSHOT_CUDA_INVALID_ARGUMENT -> new IllegalArgumentException(text);
            case EarshotCuda.EARSHOT_CUDA_OUT_OF_MEMORY ->
                new DeviceException(
                        DeviceException.Reason.OUT_OF_MEMORY,
                        CudaBackend.NAME,
                        text,
                        "room on the device (a smaller batch, fewer sessions, or backend cpu)");
            case EarshotCuda.EARSHOT_CUDA_DEVICE_LOST ->
                new DeviceException(
                        DeviceException.Reason.LOST,
                        CudaBackend.NAME,
                        "a device that failed: " + text,
                        "a working device (start the process anew, or go on with backend cpu)");
            case EarshotCuda.EARSHOT_CUDA_ABSENT ->
                new DeviceException(
                        DeviceException.Reason.ABSENT, CudaBackend.NAME, text, "an NVIDIA device with its driver");
            case EarshotCuda.EARSHOT_CUDA_UNAVAILABLE ->
                new BackendException(CudaBackend.NAME, text, "a device that can run the kernels");
            case EarshotCuda.EARSHOT_CUDA_UNSUPPORTED ->
                new BackendException(CudaBackend.NAME, text, "what the device and its kernels have");
            default -> new BackendException(CudaBackend.NAME, text, "a run without errors");
        };
    }
}
