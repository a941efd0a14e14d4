package org.earshot.audio;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
    private static final int MAX_NOTES = 10;

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

    /**
     * Losses in words, for people.
     *
     * @param losses of one recording
     * @return a line for each of the first ten, and one that sums up the others if there are more
     */
    public static List<String> notes(List<AudioLoss> losses) {
        List<String> notes = new ArrayList<>();
        losses.stream().limit(MAX_NOTES).forEach(loss -> notes.add("damaged " + loss));
        int more = losses.size() - MAX_NOTES;
        if (more > 0) {
            double missing =
                    losses.stream().mapToDouble(loss -> seconds(loss.length())).sum();
            notes.add(
                    String.format(Locale.ROOT, "damaged at %d places more; %.3f s are missing in all", more, missing));
        }
        return notes;
    }

    private static double seconds(Duration duration) {
        return duration.getSeconds() + duration.getNano() / NANOSECONDS;
    }
}
