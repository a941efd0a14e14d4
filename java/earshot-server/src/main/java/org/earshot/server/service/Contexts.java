package org.earshot.server.service;

import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import org.earshot.RecordingContext;
import org.earshot.files.Quoted;

/** Reads where and when a recording was made. */
public final class Contexts {
    private Contexts() {}

    /**
     * Reads a request's parameters.
     *
     * @param city null or empty if it is not known
     * @param time likewise, else local time in ISO 8601
     * @return the context
     * @throws RequestException if the time is none
     */
    public static RecordingContext of(String city, String time) {
        return RecordingContext.of(city == null || city.isEmpty() ? null : city, time(time));
    }

    private static LocalDateTime time(String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        try {
            return LocalDateTime.parse(text);
        } catch (DateTimeParseException e) {
            throw RequestException.invalid("time", Quoted.of(text), "a local time such as 2023-06-18T18:44");
        }
    }
}
