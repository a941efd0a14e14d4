package org.earshot.backend;

/** A block of float32 values in the place an {@link Execution} computes in. */
public interface Memory extends AutoCloseable {
    /**
     * Size of the block.
     *
     * @return number of float32 values
     */
    long floats();

    /** Frees the block. A second call does nothing. */
    @Override
    void close();
}
