package org.earshot.benchmarks.gpu;

/** Does a work several times over, as one graph, and waits for its end. */
interface Contender extends AutoCloseable {
    /** How often: enough for the wait not to show. */
    int REPEATS = 8;

    /** All of it. */
    void run();

    @Override
    void close();
}
