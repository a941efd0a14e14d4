package org.earshot.backend.cpu;

import org.earshot.error.BackendException;

/** The one place where a status of the native side becomes an exception. */
final class CpuStatus {
    private CpuStatus() {}

    static void check(int status) {
        if (status == EarshotCpu.EARSHOT_CPU_OK) {
            return;
        }
        String text = EarshotCpu.earshot_cpu_last_error().getString();
        switch (status) {
            case EarshotCpu.EARSHOT_CPU_INVALID_ARGUMENT -> throw new IllegalArgumentException(text);
            case EarshotCpu.EARSHOT_CPU_OUT_OF_MEMORY ->
                throw new BackendException(CpuBackend.NAME, text, "enough memory");
            default -> throw new BackendException(CpuBackend.NAME, text, "a run without errors");
        }
    }
}
