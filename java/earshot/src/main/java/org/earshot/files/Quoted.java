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
        return new String(JsonStringEncoder.getInstance().quoteAsString(cut(text)));
    }

    /** Not through the middle of a character of two units: half of one is none. */
    private static String cut(String text) {
        if (text.length() <= LONGEST) {
            return text;
        }
        return text.substring(0, Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST);
    }
}
