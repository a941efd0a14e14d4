package org.earshot.files;

import com.fasterxml.jackson.core.io.JsonStringEncoder;

/** Text from a file, made fit for a message: in quotes, control characters escaped, cut where it is too long. */
public final class Quoted {
    private static final int LONGEST = 120;

    private Quoted() {}

    /**
     * Quotes foreign text.
     *
     * @param text as it was found
     * @return one line of at most a few hundred characters
     */
    public static String of(String text) {
        String quoted = '"' + escaped(text) + '"';
        return text.length() <= LONGEST ? quoted : quoted + "... (" + text.length() + " characters)";
    }

    /**
     * The same without quotes.
     *
     * @param text as it was found
     * @return one line of at most a few hundred characters
     */
    public static String plain(String text) {
        return text.length() <= LONGEST ? escaped(text) : escaped(text) + "...";
    }

    private static String escaped(String text) {
        String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST);
        return new String(JsonStringEncoder.getInstance().quoteAsString(cut));
    }
}
