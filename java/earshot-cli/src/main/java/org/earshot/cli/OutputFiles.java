package org.earshot.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.files.AtomicFile;

/** Files that a command writes at its end: looked at before the work, written whole or not at all. */
final class OutputFiles {
    private OutputFiles() {}

    /** Checks that a file can be written to its folder; null is none. */
    static void check(Path file) {
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
    }

    static void write(Path file, AtomicFile.Content content) {
        try {
            AtomicFile.write(file, content);
        } catch (IOException e) {
            throw new CommandException(file, "a file that cannot be written (" + e + ")", "a writable folder", e);
        }
    }
}
