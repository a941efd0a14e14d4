package org.earshot.backend;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.earshot.backend.cuda.CudaBackend;
import org.earshot.error.BackendException;

/**
 * The CUDA kernels as tests run them: executed on the CPU, or on a device where there is one. Tests that need them are
 * skipped where the build was told to leave them out ({@code -Dcuda.emulation=OFF}), which {@code tools/test} does not;
 * anywhere else they fail without.
 */
public final class CudaKernels {
    private static final String CHOICE = "cuda.emulation";

    private CudaKernels() {}

    /** The backend on the first device. */
    public static CudaBackend start(Precision precision) {
        return start(precision, 0);
    }

    /** The backend on a device. */
    public static CudaBackend start(Precision precision, int device) {
        assumeBuilt();
        return new CudaBackend(precision, device);
    }

    /** Skips a test where they were left out; for those that look at what the backend says where it does not start. */
    public static void assumeBuilt() {
        assumeTrue(built(), "built without the CUDA kernels executed on the CPU (-D" + CHOICE + "=OFF)");
    }

    /** Whether they are to be there. Those who list tests ask this, as a list with an assumption in it is no list. */
    public static boolean built() {
        return !"OFF".equals(System.getProperty(CHOICE)) || starts();
    }

    private static boolean starts() {
        try {
            return new CudaBackend(Precision.FLOAT32).name() != null;
        } catch (BackendException e) {
            return false;
        }
    }
}
