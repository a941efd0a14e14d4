package org.earshot.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.earshot.cli.output.Text;

/**
 * Arguments that the locale could not decode. Java has put a replacement in their place by then, under which another
 * file may be found; the one that was meant cannot be.
 */
final class ArgumentBytes {
    private static final char REPLACEMENT = '\uFFFD';
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final String REMEDY =
            "text of the locale (set LC_ALL=C.UTF-8; a name that is no UTF-8 is found through its folder or by a"
                    + " pattern in quotes)";

    private ArgumentBytes() {}

    /**
     * Looks at a command line.
     *
     * @param args as Java hands them over
     * @return what is wrong, or nothing
     */
    static Optional<String> complaint(String... args) {
        for (String argument : args) {
            if (argument.indexOf(REPLACEMENT) >= 0) {
                return Optional.of(
                        Text.visible(argument) + ": found bytes that the locale does not decode; expected " + REMEDY);
            }
            // In the locale "C" Java replaces each such byte by the question mark that stands for any character.
            if (argument.indexOf('?') >= 0 && isAscii() && hasOtherBytes()) {
                return Optional.of(Text.visible(argument) + ": found bytes that are not ASCII, or other arguments that"
                        + " are not; expected " + REMEDY);
            }
        }
        return Optional.empty();
    }

    private static boolean isAscii() {
        String encoding = System.getProperty("sun.jnu.encoding", "");
        return encoding.equals("ANSI_X3.4-1968") || encoding.equals("US-ASCII");
    }

    /** As far as the system tells. */
    private static boolean hasOtherBytes() {
        try {
            for (byte b : Files.readAllBytes(COMMAND_LINE)) {
                if (b < 0) {
                    return true;
                }
            }
        } catch (IOException e) {
            // Without /proc nobody knows.
        }
        return false;
    }
}
