package org.earshot.server.service;

import java.time.Duration;
import org.earshot.audio.AudioLimits;

/**
 * What one request, and all of them together, may take.
 *
 * @param bodyBytes of one request
 * @param sound of one recording
 * @param timeout from a request's first byte to its answer; a client may ask for less
 * @param batch recordings in one request
 * @param streams of live sound at once
 */
public record Limits(int bodyBytes, Duration sound, Duration timeout, int batch, int streams) {
    private static final int MEBIBYTE = 1 << 20;

    /** What holds where nothing else is said: 64 MiB, ten minutes of sound, a minute, 64 recordings, 16 streams. */
    public static final Limits DEFAULT =
            new Limits(64 * MEBIBYTE, Duration.ofMinutes(10), Duration.ofMinutes(1), 64, 16);

    /**
     * These bounds, for bodies that share some memory: one that takes all of it is told to come again, but one that
     * takes more would come in vain for ever.
     *
     * @param memory bytes of it
     * @return bounds whose bodies fit into it
     */
    public Limits within(long memory) {
        return new Limits((int) Math.min(bodyBytes, memory), sound, timeout, batch, streams);
    }

    /**
     * The bounds that a recording is decoded in.
     *
     * @return of its file and of its sound
     */
    public AudioLimits audio() {
        return AudioLimits.defaults().withMaxBytes(bodyBytes).withMaxDuration(sound);
    }
}
