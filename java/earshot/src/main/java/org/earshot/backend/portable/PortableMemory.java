package org.earshot.backend.portable;

import org.earshot.backend.Memory;
import org.earshot.backend.View;

/** A Java array. */
final class PortableMemory implements Memory {
    private final PortableExecution owner;
    private float[] values;
    private final int length;

    PortableMemory(PortableExecution owner, int length) {
        this.owner = owner;
        this.length = length;
        this.values = new float[length];
    }

    /** The array behind a view of this backend's memory. */
    static float[] values(View view) {
        float[] values = ((PortableMemory) view.memory()).values;
        if (values == null) {
            throw new IllegalStateException("the memory is closed");
        }
        return values;
    }

    /** Where a view begins in its array. */
    static int offset(View view) {
        return Math.toIntExact(view.offset());
    }

    @Override
    public long floats() {
        return length;
    }

    @Override
    public void close() {
        values = null;
        owner.forget(this);
    }
}
