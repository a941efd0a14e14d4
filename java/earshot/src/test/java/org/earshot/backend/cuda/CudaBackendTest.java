package org.earshot.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.BackendException;
import org.earshot.DeviceException;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Precision;
import org.earshot.backend.View;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only this backend does, on kernels executed by the CPU. */
class CudaBackendTest {
    @Test
    void aFullDeviceIsATypedErrorAfterWhichItGoesOn() {
        try (Execution execution = new CudaBackend(Precision.FLOAT32).open()) {
            long tooMany = 1L << 33; // 32 GiB; the emulated device has 2
            DeviceException e = assertThrows(DeviceException.class, () -> execution.allocate(tooMany));
            assertEquals(DeviceException.Reason.OUT_OF_MEMORY, e.reason());
            assertTrue(e.getMessage().contains(Long.toString(tooMany)), e.getMessage());
            Memory memory = execution.allocate(3);
            float[] values = {1, 2, 3};
            View view = new View(memory, 0, Shape.of(3));
            execution.write(values, view);
            float[] back = new float[3];
            execution.read(view, back);
            assertArrayEquals(values, back);
        }
    }

    @Test
    void memoryBeginsAsZeros() {
        try (Execution execution = new CudaBackend(Precision.FLOAT32).open()) {
            float[] values = {1, 1};
            execution.read(new View(execution.allocate(2), 0, Shape.of(2)), values);
            assertArrayEquals(new float[2], values);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void saysWhatItRunsOnAndHow(Precision precision) {
        String text = new CudaBackend(precision).toString();
        assertTrue(text.contains("compute capability"), text);
        assertEquals(precision != Precision.FLOAT32, text.contains(precision.label()), text);
    }

    @Test
    void aStatusBecomesTheErrorItStandsFor() {
        assertInstanceOf(
                IllegalArgumentException.class, CudaStatus.exception(EarshotCuda.EARSHOT_CUDA_INVALID_ARGUMENT, "x"));
        assertReason(EarshotCuda.EARSHOT_CUDA_OUT_OF_MEMORY, DeviceException.Reason.OUT_OF_MEMORY);
        assertReason(EarshotCuda.EARSHOT_CUDA_DEVICE_LOST, DeviceException.Reason.LOST);
        assertReason(EarshotCuda.EARSHOT_CUDA_ABSENT, DeviceException.Reason.ABSENT);
        for (int status : new int[] {
            EarshotCuda.EARSHOT_CUDA_UNAVAILABLE,
            EarshotCuda.EARSHOT_CUDA_UNSUPPORTED,
            EarshotCuda.EARSHOT_CUDA_INTERNAL
        }) {
            RuntimeException e = CudaStatus.exception(status, "why");
            assertEquals(BackendException.class, e.getClass());
            assertTrue(e.getMessage().contains("cuda: found why"), e.getMessage());
        }
    }

    private static void assertReason(int status, DeviceException.Reason reason) {
        DeviceException e = assertInstanceOf(DeviceException.class, CudaStatus.exception(status, "the text"));
        assertEquals(reason, e.reason());
        assertTrue(e.getMessage().contains("the text"), e.getMessage());
    }
}
