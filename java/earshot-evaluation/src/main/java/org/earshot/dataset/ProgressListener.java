package org.earshot.dataset;

/** Is told how far a long run over a set is, in the thread that started it. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * A clip is done. An exception thrown here ends the run.
     *
     * @param done how many are, from 1 to {@code total}
     * @param total how many there are
     */
    void clipDone(int done, int total);

    /**
     * A listener that does nothing.
     *
     * @return it
     */
    static ProgressListener none() {
        return (done, total) -> {};
    }
}
