package org.earshot;

import java.util.List;

/** Computes what the networks say of windows. For one thread at a time. */
interface WindowRunner extends SessionPool.Pooled {
    /**
     * What was found, and where the time went.
     *
     * @param windows for each window, one for each network
     * @param queuedNanos waiting for others, or for their end
     * @param featuresNanos computing features, where they are a step of their own; on a device they are part of the
     *     network's time
     * @param networkNanos the rest
     * @param batch windows that were computed at once
     */
    record Outputs(
            List<List<NetworkOutput>> windows, long queuedNanos, long featuresNanos, long networkNanos, int batch) {
        /** The same after some waiting. */
        Outputs queuedToo(long nanos) {
            return new Outputs(windows, queuedNanos + nanos, featuresNanos, networkNanos, batch);
        }
    }

    /**
     * Computes windows.
     *
     * @param windows at least one, all of one {@link WindowInput#kind kind}
     * @param progress asked between steps
     */
    Outputs run(List<WindowInput> windows, Progress progress);
}
