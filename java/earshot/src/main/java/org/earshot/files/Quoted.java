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
        String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST);
        String quoted = '"' + new String(JsonStringEncoder.getInstance().quoteAsString(cut)) + '"';
        return text.length() <= LONGEST ? quoted : quoted + "... (" + text.length() + " characters)";
    }
}
