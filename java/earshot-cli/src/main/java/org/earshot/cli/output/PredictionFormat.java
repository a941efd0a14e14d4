package org.earshot.cli.output;

import java.nio.file.Path;

/** How answers are printed. Every text ends with a line feed, or is empty. */
public interface PredictionFormat {
    /** What stands above the first answer. */
    String header();

    /** The answer for one recording. */
    String row(Path file, Answer answer);
}
