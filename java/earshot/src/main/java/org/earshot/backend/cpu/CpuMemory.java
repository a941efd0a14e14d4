package org.earshot.backend.cpu;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.earshot.backend.View;
import org.earshot.backend.common.OwnedMemory;
import org.earshot.error.BackendException;

/**
 * Zeroed native memory that starts at a cache line. Plain calloc and free: JavaCPP's tracked allocations count against
 * the Java heap's limit, which says nothing about native memory.
 */
final class CpuMemory extends OwnedMemory {
    /** Bytes of a cache line, and of an AVX-512 register. */
    private static final int ALIGNMENT = 64;

    private final Pointer allocation;
    private final FloatPointer values;

    CpuMemory(CpuExecution owner, long floats) {
        super(owner, floats);
        boolean representable = floats >= 0 && floats <= Long.MAX_VALUE / Float.BYTES - ALIGNMENT;
        allocation = representable ? Pointer.calloc(floats * Float.BYTES + ALIGNMENT, 1) : null;
        if (allocation == null || allocation.isNull()) {
            throw new BackendException(
                    CpuBackend.NAME, "no room for " + floats + " floats", "more memory, or a smaller batch");
        }
        long ahead = -allocation.address() & (ALIGNMENT - 1);
        try {
            values = new FloatPointer(allocation).getPointer(FloatPointer.class, ahead / Float.BYTES);
        } catch (RuntimeException | Error e) {
            Pointer.free(allocation);
            throw e;
        }
    }

    /** A pointer to a view's first value. Valid until the memory is closed. */
    static FloatPointer pointer(View view) {
        return ((CpuMemory) view.memory()).values.getPointer(FloatPointer.class, view.offset());
    }

    @Override
    protected void free() {
        Pointer.free(allocation);
    }
}
