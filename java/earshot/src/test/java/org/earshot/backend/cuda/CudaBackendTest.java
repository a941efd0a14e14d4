package org.earshot.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.earshot.backend.CudaKernels;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Precision;
import org.earshot.backend.View;
import org.earshot.error.BackendException;
import org.earshot.error.DeviceException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What only this backend does, on kernels executed by the CPU. */
class CudaBackendTest {
    @Test
    void aFullDeviceIsATypedErrorAfterWhichItGoesOn() {
        try (Execution execution = CudaKernels.start(Precision.FLOAT32).open()) {
            long tooMany = 1L << 33; // 32 GiB; the emulated device has 2
            DeviceException e = assertThrows(DeviceException.class, () -> execution.allocate(tooMany));
            assertEquals(DeviceException.Reason.OUT_OF_MEMORY, e.reason());
            assertTrue(e.getMessage().contains("32.00 GiB needed for " + tooMany + " floats"), e.getMessage());
            assertTrue(e.getMessage().contains("free of the device's 2.00 GiB"), e.getMessage());
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
        try (Execution execution = CudaKernels.start(Precision.FLOAT32).open()) {
            float[] values = {1, 1};
            execution.read(new View(execution.allocate(2), 0, Shape.of(2)), values);
            assertArrayEquals(new float[2], values);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void saysWhatItRunsOnAndHow(Precision precision) {
        String text = CudaKernels.start(precision).toString();
        assertTrue(text.contains("compute capability"), text);
        assertEquals(precision != Precision.FLOAT32, text.contains(precision.label()), text);
    }

    @Test
    void namesTheDeviceItRunsOn() {
        for (int device = 0; device < 2; device++) {
            String text = CudaKernels.start(Precision.FLOAT32, device).toString();
            assertTrue(text.startsWith("cuda[device " + device + ": CPU execution"), text);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 2, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aDeviceThatIsNotThereListsThoseThatAre(int device) {
        CudaKernels.assumeBuilt();
        BackendException e = assertThrows(BackendException.class, () -> new CudaBackend(Precision.FLOAT32, device));
        assertTrue(e.getMessage().startsWith("cuda: found device " + device + "; expected one of device 0: CPU"));
        assertTrue(e.getMessage().contains("; device 1: CPU execution"), e.getMessage());
    }

    /** Numbers that tell where they belong: as whole ones, or as samples of 16 bits, which travel as such. */
    private static float[] counted(int count, int first, boolean samples) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = samples ? (short) (first + i) * 0x1p-15f : first + i;
        }
        return values;
    }

    private static float[] counted(int count, int first) {
        return counted(count, first, false);
    }

    /** Around the piece that is sent at once and the whole staging memory, to places one behind the other and not. */
    @ParameterizedTest
    @ValueSource(ints = {1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 1 << 20, (1 << 20) + 1, 3 << 20})
    void copiesOfAnySizeArrive(int count) {
        copiesArrive(count, false);
        copiesArrive(count, true);
    }

    private static void copiesArrive(int count, boolean samples) {
        try (Execution execution = CudaKernels.start(Precision.FLOAT32, 1).open()) {
            Memory memory = execution.allocate(2L * count + 10);
            View first = new View(memory, 0, Shape.of(count));
            View next = new View(memory, count, Shape.of(5));
            View apart = new View(memory, count + 7L, Shape.of(count));
            execution.write(counted(count, 1, samples), first);
            execution.write(counted(5, -5, samples), next);
            execution.write(counted(count, 3, samples), apart);
            // Written again before it was sent: the later values count.
            execution.write(counted(5, -50, samples), next);
            float[] all = new float[2 * count + 10];
            execution.read(new View(memory, 0, Shape.of(all.length)), all);
            float[] expected = new float[all.length];
            System.arraycopy(counted(count, 1, samples), 0, expected, 0, count);
            System.arraycopy(counted(5, -50, samples), 0, expected, count, 5);
            System.arraycopy(counted(count, 3, samples), 0, expected, count + 7, count);
            assertArrayEquals(expected, all);
        }
    }

    @Test
    void whatWasFetchedIsReadAsItWasThen() {
        try (Execution execution = CudaKernels.start(Precision.FLOAT32).open()) {
            Memory memory = execution.allocate(100);
            View all = new View(memory, 0, Shape.of(100));
            View part = new View(memory, 40, Shape.of(3));
            float[] three = new float[3];
            execution.write(counted(100, 0), all);
            execution.prefetch(all);
            execution.read(part, three);
            assertArrayEquals(new float[] {40, 41, 42}, three);
            execution.read(new View(memory, 97, Shape.of(3)), three);
            assertArrayEquals(new float[] {97, 98, 99}, three);
            // New values are read, not those that were fetched before.
            execution.write(new float[] {7, 8, 9}, part);
            execution.read(part, three);
            assertArrayEquals(new float[] {7, 8, 9}, three);
            // Partly outside of what was fetched.
            execution.prefetch(part);
            execution.read(new View(memory, 41, Shape.of(3)), three);
            assertArrayEquals(new float[] {8, 9, 43}, three);
            Memory other = execution.allocate(100);
            execution.prefetch(all);
            memory.close();
            execution.read(new View(other, 40, Shape.of(3)), three);
            assertArrayEquals(new float[3], three);
            assertThrows(IllegalArgumentException.class, () -> execution.prefetch(all));
        }
    }

    @Test
    void memoryMayBeClosedBeforeItsValuesWereSent() {
        try (Execution execution = CudaKernels.start(Precision.FLOAT32).open()) {
            Memory memory = execution.allocate(3);
            execution.write(new float[] {1, 2, 3}, new View(memory, 0, Shape.of(3)));
            memory.close();
            View view = new View(execution.allocate(3), 0, Shape.of(3));
            float[] values = {9, 9, 9};
            execution.read(view, values);
            assertArrayEquals(new float[3], values);
        }
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
