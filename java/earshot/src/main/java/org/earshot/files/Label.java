package org.earshot.files;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** A path that is only there to be shown: what messages call something that is no file, or none of this machine's. */
public final class Label {
    private Label() {}

    /**
     * Makes a path of any text.
     *
     * @param text such as a URL or a description
     * @return the text; where a path cannot be that (of letters that the locale C lacks, or of {@code :} on Windows),
     *     with an underscore for all that is not plain
     */
    public static Path of(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            return Path.of(text.replaceAll("[^A-Za-z0-9._/ -]", "_"));
        }
    }
}
