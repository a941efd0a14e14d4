package org.earshot.backend;

import java.util.List;

/**
 * What one session runs on: memory, and a fixed number of threads or a device's stream. One caller at a time; different
 * executions of a backend run side by side.
 */
public interface Execution extends AutoCloseable {
    /** Of a run that nobody gives up. */
    Runnable GOES_ON = () -> {};

    /**
     * Threads that compute, the caller's included.
     *
     * @return at least 1
     */
    int threads();

    /**
     * Reserves memory, zeroed, that lives until it is closed or the execution is.
     *
     * @param floats number of float32 values
     * @return the memory
     * @throws org.earshot.error.BackendException if that much is not to be had
     */
    Memory allocate(long floats);

    /**
     * Whether memory may be used here.
     *
     * @param memory any memory
     * @return true if this execution allocated it and neither is closed
     */
    boolean owns(Memory memory);

    /**
     * Copies into the execution's memory, before what is run later.
     *
     * @param source at least as long as the target's shape has elements
     * @param target where to
     */
    void write(float[] source, View target);

    /**
     * Begins to copy out what will be read, after all that was run before: reads of it, or of parts of it, then wait
     * only once. Nothing to begin where {@link #run} has done all.
     *
     * @param source where from
     */
    default void prefetch(View source) {}

    /**
     * Copies out of the execution's memory, after all that was run before.
     *
     * @param source where from
     * @param target at least as long as the source's shape has elements
     */
    void read(View source, float[] target);

    /**
     * Runs steps in their order. On a device it may return before they are done; {@link #read} and {@link #finish} wait
     * for that. A list that is handed in again unchanged (the same object) may be replayed from a recording.
     *
     * @param steps steps bound to this execution
     * @param beforeEach called before each step, where the caller may give the run up by an exception; on a device
     *     before the first one only
     */
    void run(List<Operation.Step> steps, Runnable beforeEach);

    /**
     * Runs steps to their end, see {@link #run(List, Runnable)}.
     *
     * @param steps steps bound to this execution
     */
    default void run(List<Operation.Step> steps) {
        run(steps, GOES_ON);
    }

    /**
     * Waits until all that was run is done. Nothing to wait for where {@link #run} does.
     *
     * @throws org.earshot.error.BackendException if it failed
     */
    default void finish() {}

    /** Ends the threads and frees the memory. A second call does nothing. */
    @Override
    void close();
}
