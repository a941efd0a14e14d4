package org.earshot.cli.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.audio.AudioFormat;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;

/** Files that a command writes at its end: proved writable before the work, written whole or not at all. */
public final class OutputFiles {
    /** The standard output, as other programs name it. */
    private static final Path STANDARD_OUTPUT = Path.of("-");

    private OutputFiles() {}

    /** Makes sure that a file can be written to its folder, by writing one there; null is none. */
    public static void check(Path file) {
        if (file == null) {
            return;
        }
        if (file.equals(STANDARD_OUTPUT)) {
            throw new CommandException(
                    file,
                    "no name of a file",
                    "one (./- is the file of that name; without the option, or by its own"
                            + " description, a command prints)");
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
        if (AudioFormat.ofName(file).isPresent()) {
            throw new CommandException(
                    file,
                    "a recording's name (did a pattern stand behind the option?)",
                    "another ending, as what is written is no sound");
        }
        try {
            AtomicFile.probe(file);
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    /**
     * Complains of an output that is read too, or that another output would replace.
     *
     * @param outputs what is written; null is none
     * @param inputs what is read; null is none
     */
    public static void requireApart(List<Path> outputs, List<Path> inputs) {
        List<Path> before = new ArrayList<>();
        for (Path output : outputs) {
            if (output != null) {
                requireNone(inputs, output, "a file that this command reads");
                requireNone(before, output, "a file that another option writes too");
                before.add(output);
            }
        }
    }

    private static void requireNone(List<Path> others, Path output, String found) {
        for (Path other : others) {
            if (other != null && isSame(other, output)) {
                throw new CommandException(output, found, "a file of its own");
            }
        }
    }

    private static boolean isSame(Path one, Path other) {
        try {
            if (Files.exists(one) || Files.exists(other)) {
                return Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
            }
            return place(one).equals(place(other));
        } catch (IOException e) {
            // What cannot be looked at is complained of where it is opened.
            return false;
        }
    }

    /** Where a file is that need not be there, whatever links lead to its folder. */
    private static Path place(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        return absolute.getParent().toRealPath().resolve(absolute.getFileName());
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
