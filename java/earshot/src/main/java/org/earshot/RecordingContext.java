package org.earshot;

import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Optional;
import org.earshot.error.ContextException;

/**
 * What is known of a recording besides its sound: where and when it was made. Immutable. A network without context
 * ignores it.
 */
public final class RecordingContext {
    private static final RecordingContext UNKNOWN = new RecordingContext(null, null, null);

    private final String city;
    private final LocalDateTime time;
    private final float[] condition;

    private RecordingContext(String city, LocalDateTime time, float[] condition) {
        this.city = city;
        this.time = time;
        this.condition = condition;
    }

    /**
     * City and local time of the recording.
     *
     * @param city one of the configuration's locations; another, or null, is treated as the configuration's
     *     {@code unknown_location} says
     * @param time local time, or null if it is not known: all time features are then zero, the centre of every cycle
     * @return the context
     */
    public static RecordingContext of(String city, LocalDateTime time) {
        return new RecordingContext(city, time, null);
    }

    /**
     * A ready condition vector (an external embedding already projected) in place of city and time.
     *
     * @param condition as many values as the network's condition has
     * @return the context
     * @throws ContextException if a value is not finite
     */
    public static RecordingContext ofCondition(float[] condition) {
        for (int i = 0; i < condition.length; i++) {
            if (!Float.isFinite(condition[i])) {
                throw new ContextException("condition[" + i + "]", Float.toString(condition[i]), "a finite number");
            }
        }
        return new RecordingContext(null, null, condition.clone());
    }

    /**
     * Neither city nor time is known.
     *
     * @return the context
     */
    public static RecordingContext unknown() {
        return UNKNOWN;
    }

    /**
     * The city.
     *
     * @return empty if it is not known
     */
    public Optional<String> city() {
        return Optional.ofNullable(city);
    }

    /**
     * The local time.
     *
     * @return empty if it is not known
     */
    public Optional<LocalDateTime> time() {
        return Optional.ofNullable(time);
    }

    /**
     * The ready condition.
     *
     * @return a copy, or empty if city and time stand for it
     */
    public Optional<float[]> condition() {
        return Optional.ofNullable(condition).map(float[]::clone);
    }

    @Override
    public String toString() {
        return condition != null ? "condition" + Arrays.toString(condition) : city + " at " + time;
    }
}
