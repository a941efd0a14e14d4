package org.earshot.backend.cpu;

import org.earshot.audio.ResamplingProducts;
import org.earshot.error.BackendException;

/** The resampler's sums by the native kernels. */
public final class CpuResamplingProducts implements ResamplingProducts {
    /** Creates the service; nothing is loaded yet. */
    public CpuResamplingProducts() {}

    @Override
    public boolean isAvailable() {
        try {
            CpuProvider.load();
            return true;
        } catch (BackendException | LinkageError e) {
            // Who starts the backend hears why; where JavaCPP is missing, not even its classes can be had.
            return false;
        }
    }

    @Override
    public void run(
            float[] coefficients,
            int up,
            int down,
            float[] window,
            long firstOutput,
            float[] output,
            int count,
            float[] scratch) {
        CpuStatus.check(EarshotCpu.earshot_cpu_resample(
                EarshotCpu.EARSHOT_CPU_ISA_BEST,
                coefficients,
                coefficients.length,
                up,
                down,
                window,
                window.length,
                firstOutput,
                output,
                count,
                scratch,
                scratch.length));
    }
}
