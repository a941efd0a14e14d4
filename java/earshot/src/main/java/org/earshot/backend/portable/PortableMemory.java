package org.earshot.backend.portable;

import org.earshot.backend.View;
import org.earshot.backend.common.OwnedMemory;

/** A Java array. */
final class PortableMemory extends OwnedMemory {
    private float[] values;

    PortableMemory(PortableExecution owner, int length) {
        super(owner, length);
        values = new float[length];
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
    protected void free() {
        values = null;
    }
}
