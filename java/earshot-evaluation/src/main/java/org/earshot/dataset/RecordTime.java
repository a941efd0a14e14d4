package org.earshot.dataset;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the local time of a recording in the forms that metadata files use. */
public final class RecordTime {
    /** What is accepted, for messages. */
    public static final String FORMS = "a local time such as 2023-06-18T18:44 or 2023-06-18 18:44:05";

    private static final Pattern PATTERN = Pattern.compile("(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})[T -]"
            + "(\\d{1,2})([:-])(\\d{1,2})(?:\\6(\\d{1,2})(?:\\.\\d{1,9})?)?");

    private static final DateTimeFormatter CHALLENGE = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);

    private RecordTime() {}

    /**
     * Reads a time: year, month, day, hour, minute, perhaps second; ISO, or with a blank between date and time (the
     * challenge's metadata), or with other separators (as spreadsheets and file names have them).
     *
     * @param text as it stands in the file
     * @return empty if the text has none of the forms, or is a time that does not exist
     */
    public static Optional<LocalDateTime> parse(String text) {
        Matcher matcher = PATTERN.matcher(text.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int second = matcher.group(8) == null ? 0 : Integer.parseInt(matcher.group(8));
        try {
            return Optional.of(LocalDateTime.of(
                    Integer.parseInt(matcher.group(1)),
                    Integer.parseInt(matcher.group(3)),
                    Integer.parseInt(matcher.group(4)),
                    Integer.parseInt(matcher.group(5)),
                    Integer.parseInt(matcher.group(7)),
                    second));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /**
     * Writes a time as the challenge's metadata have it.
     *
     * @param time local time
     * @return such as {@code 2023-06-18 18:44:05}
     */
    public static String format(LocalDateTime time) {
        return CHALLENGE.format(time);
    }
}
