package org.earshot;

import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/**
 * A place of a recording where something could not be decoded. What is decoded goes on right behind it: nothing is
 * filled in, as FFmpeg does it.
 *
 * @param at where it is, as time in what was decoded
 * @param length how much sound is missing there, as far as the format tells; zero if it does not, or if the bytes that
 *     could not be decoded belong to no sound
 * @param cause what was found there, for example {@code "a damaged packet"}
 */
public record AudioLoss(Duration at, Duration length, String cause) {
    private static final double NANOSECONDS = 1e9;

    /** Checks that nothing is missing. */
    public AudioLoss {
        Objects.requireNonNull(at, "at");
        Objects.requireNonNull(length, "length");
        Objects.requireNonNull(cause, "cause");
    }

    /**
     * For messages.
     *
     * @return one line, for example {@code "at 1.234 s: a damaged packet, 0.026 s missing"}
     */
    @Override
    public String toString() {
        String place = String.format(Locale.ROOT, "at %.3f s: %s", seconds(at), cause);
        return length.isZero() ? place : place + String.format(Locale.ROOT, ", %.3f s missing", seconds(length));
    }

    private static double seconds(Duration duration) {
        return duration.getSeconds() + duration.getNano() / NANOSECONDS;
    }
}
