package org.earshot.benchmarks.gpu;

/** One call of a library on sizes that are set, with memory of its own. */
interface LibraryCall extends AutoCloseable {
    /** Enqueues it. */
    void enqueue();

    @Override
    void close();
}
