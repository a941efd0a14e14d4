package org.earshot.model;

import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.earshot.error.ContextException;
import org.earshot.error.FieldException;
import org.earshot.files.NearWords;
import org.earshot.files.Quoted;
import org.earshot.layer.ContextEncoder;

/**
 * How city and time of a recording become numbers, as {@code config.json} says under {@code context}.
 *
 * @param locations cities in the order of the location embedding's rows
 * @param timeEncoding how the time is encoded
 * @param unknownLocation what stands for a city that is not among them
 */
public record ContextParameters(List<String> locations, TimeEncoding timeEncoding, UnknownLocation unknownLocation) {
    private static final int HOURS = 24;
    private static final int MONTHS = 12;
    private static final int WEEKDAYS = 7;
    private static final int MINUTES = 60;

    /** What the network was shown of the time. */
    public enum TimeEncoding {
        /** Sine and cosine of hour, month, weekday and minute. */
        CYCLIC,
        /** Eight zeros: a checkpoint of the unchanged challenge baseline, whose parser never matches. */
        ZEROS
    }

    /** What stands for a city that is not listed. */
    public enum UnknownLocation {
        /** The first city, as the challenge baseline has it. */
        FIRST,
        /** The mean of all rows of the embedding. */
        MEAN,
        /** Nothing: such a recording is refused. */
        ERROR
    }

    /**
     * Checks and copies the list.
     *
     * @param locations cities, all different
     * @param timeEncoding how the time is encoded
     * @param unknownLocation what stands for an unlisted city
     * @throws FieldException if it is empty, or a city is blank or there twice
     */
    public ContextParameters {
        locations = List.copyOf(locations);
        if (locations.isEmpty()) {
            throw new FieldException("locations", "an empty list", "at least one city");
        }
        Set<String> keys = new HashSet<>();
        for (String location : locations) {
            if (location.isBlank() || !keys.add(key(location))) {
                throw new FieldException(
                        "locations",
                        location.isBlank() ? "a blank name" : Quoted.of(location) + " twice",
                        "every city once");
            }
        }
    }

    /**
     * Finds a city's row of the location embedding. Case, surrounding blanks and the kind of apostrophe do not matter.
     *
     * @param city its name, or null if it is not known
     * @return the row; the number of cities, for the mean of all rows, if the city is unknown and the policy says so
     * @throws ContextException if the city is unknown and the policy is to refuse it
     */
    public int locationRow(String city) {
        int row = city == null ? -1 : indexOf(city);
        if (row >= 0) {
            return row;
        }
        return switch (unknownLocation) {
            case FIRST -> 0;
            case MEAN -> locations.size();
            case ERROR ->
                throw new ContextException(
                        "city",
                        city == null ? "none" : Quoted.of(city),
                        "one of " + String.join(", ", locations)
                                + (city == null ? "" : NearWords.hint(city, locations)));
        };
    }

    /**
     * Whether a city is one of the locations, or {@link #unknownLocation} decides for it.
     *
     * @param city its name
     * @return true if it has a row of its own
     */
    public boolean knows(String city) {
        return indexOf(city) >= 0;
    }

    private int indexOf(String city) {
        String key = key(city);
        for (int row = 0; row < locations.size(); row++) {
            if (key(locations.get(row)).equals(key)) {
                return row;
            }
        }
        return -1;
    }

    /**
     * Encodes a time: sine and cosine of {@code 2 pi} times hour/24, month/12, weekday/7 (Monday = 0) and minute/60, in
     * this order (tools/reference/spec/models.md, "Common").
     *
     * @param time local time of the recording, or null if it is not known
     * @return the {@value ContextEncoder#TIME_FEATURES} features; zeros if the time is not known or the encoding says
     *     so
     */
    public float[] timeFeatures(LocalDateTime time) {
        float[] features = new float[ContextEncoder.TIME_FEATURES];
        if (time != null && timeEncoding == TimeEncoding.CYCLIC) {
            double[] turns = {
                (double) time.getHour() / HOURS,
                (double) time.getMonthValue() / MONTHS,
                (double) (time.getDayOfWeek().getValue() - 1) / WEEKDAYS,
                (double) time.getMinute() / MINUTES
            };
            for (int i = 0; i < turns.length; i++) {
                features[2 * i] = (float) Math.sin(2 * Math.PI * turns[i]);
                features[2 * i + 1] = (float) Math.cos(2 * Math.PI * turns[i]);
            }
        }
        return features;
    }

    private static String key(String city) {
        return city.strip().replace('\u2019', '\'').toLowerCase(Locale.ROOT);
    }
}
