package org.earshot.cli.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;

/** Files that a command writes at its end: proved writable before the work, written whole or not at all. */
public final class OutputFiles {
    private OutputFiles() {}

    /** Makes sure that a file can be written to its folder, by writing one there; null is none. */
    public static void check(Path file) {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new CommandException(file, "no such folder", "a file in a folder that exists");
        }
        if (Files.isDirectory(file)) {
            throw new CommandException(file, "a folder", "a file");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new CommandException(file, "a device, pipe or socket", "a regular file, or none yet");
        }
        try {
            AtomicFile.probe(file);
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    public static void write(Path file, AtomicFile.Content content) {
        try {
            AtomicFile.write(file, content);
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    /** Names the output, never the temporary file beside it. */
    public static CommandException unwritable(Path file, IOException e) {
        return new CommandException(
                file, "a file that cannot be written (" + IoReason.of(e) + ")", "a writable folder", e);
    }
}
