package org.earshot.backend.common;

import org.earshot.backend.Memory;

/** A block of an execution's memory, which is freed once: by itself or with the execution. */
public abstract class OwnedMemory implements Memory {
    private final OwningExecution owner;
    private final long floats;

    /**
     * Creates the block.
     *
     * @param owner the execution it belongs to
     * @param floats number of values
     */
    protected OwnedMemory(OwningExecution owner, long floats) {
        this.owner = owner;
        this.floats = floats;
    }

    @Override
    public final long floats() {
        return floats;
    }

    @Override
    public final void close() {
        if (owner.forget(this)) {
            free();
        }
    }

    /** Frees the memory; called once. */
    protected abstract void free();
}
