package org.earshot.cli.output;

import java.nio.file.Path;
import org.earshot.error.EarshotException;

/** What the command line itself finds wrong with a file it was given or asked to write. */
public final class CommandException extends EarshotException {
    private static final long serialVersionUID = 1L;

    public CommandException(Object subject, String found, String expected) {
        this(subject, found, expected, null);
    }

    public CommandException(Object subject, String found, String expected, Throwable cause) {
        super(message(subject, found, expected), cause);
    }

    private CommandException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The same complaint in other words. */
    public static CommandException reworded(String message, Throwable cause) {
        return new CommandException(message, cause);
    }

    /** Says which recording a complaint is about. */
    public CommandException(Path recording, EarshotException cause) {
        super(Text.visible(recording.toString()) + ": " + cause.getMessage(), cause);
    }
}
