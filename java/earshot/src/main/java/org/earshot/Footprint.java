package org.earshot;

/**
 * The memory that a classifier takes, in bytes. Counted are its weights, each as a float32, and what sessions compute
 * in; not what surrounds both: the libraries, the padding of weights, what threads keep for themselves, the Java
 * objects of calls. A session grows with what it computes at once: it is counted with as many windows as it ever will,
 * which {@code classifyAll} and {@link LoadOptions#batching} alone come to.
 *
 * @param weightsHost weights in the host's memory
 * @param weightsDevice weights in devices' memory, on all of them together
 * @param sessionHost what one session has in the host's memory
 * @param sessionDevice what one session has in a device's memory
 * @param sessions how many there are; each takes its memory when it is first needed, or in the warm-up
 * @param windows how many a session computes at once at most: as {@link LoadOptions#batching} says, otherwise eight, or
 *     as many as {@link LoadOptions#memoryLimit} has room for
 */
public record Footprint(
        long weightsHost, long weightsDevice, long sessionHost, long sessionDevice, int sessions, int windows) {
    /**
     * The host's memory in all.
     *
     * @return weights and sessions, bytes
     */
    public long host() {
        return Math.addExact(weightsHost, Math.multiplyExact(sessionHost, (long) sessions));
    }

    /**
     * The devices' memory in all.
     *
     * @return weights and sessions, bytes
     */
    public long device() {
        return Math.addExact(weightsDevice, Math.multiplyExact(sessionDevice, (long) sessions));
    }

    /**
     * All memory, wherever it is.
     *
     * @return host's and devices', bytes
     */
    public long all() {
        return Math.addExact(host(), device());
    }
}
