package org.earshot.cli.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.earshot.cli.output.CommandException;
import org.earshot.error.EarshotException;
import org.earshot.files.IoReason;
import org.earshot.files.PartialFile;

/**
 * A recording as the command line names it: a file, or {@code -} for the standard input, which is kept in a temporary
 * file of this user's alone as long as it is open.
 */
public final class Recording implements AutoCloseable {
    /** How the standard input is named. */
    public static final Path STANDARD_INPUT = Path.of("-");

    private final Path name;
    private final Path file;
    /** Null if the file is the user's own. */
    private final PartialFile copy;

    private Recording(Path name, Path file, PartialFile copy) {
        this.name = name;
        this.file = file;
        this.copy = copy;
    }

    /** Opens a recording; the standard input is read to its end. */
    public static Recording open(Path name) {
        return name.equals(STANDARD_INPUT) ? standardInput(System.in) : new Recording(name, name, null);
    }

    private static Recording standardInput(InputStream in) {
        PartialFile folder = null;
        try {
            folder = PartialFile.in(Path.of(System.getProperty("java.io.tmpdir")));
            if (folder.path().getFileSystem().supportedFileAttributeViews().containsAll(Set.of("posix"))) {
                Files.createDirectory(
                        folder.path(),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(folder.path());
            }
            Path file = folder.path().resolve("recording");
            Files.copy(in, file);
            return new Recording(STANDARD_INPUT, file, folder);
        } catch (IOException e) {
            close(folder);
            throw new CommandException(
                    "standard input", "an I/O error (" + IoReason.of(e) + ")", "a recording, and room to keep it", e);
        }
    }

    /** What stands above a picture of it. */
    public String title() {
        return copy == null ? String.valueOf(name.getFileName()) : "standard input";
    }

    /** Where it is read. */
    public Path file() {
        return file;
    }

    /** A complaint about this recording, in which it has the name that the user gave it. */
    public EarshotException named(EarshotException complaint) {
        return copy == null
                ? complaint
                : CommandException.reworded(
                        complaint.getMessage().replace(file.toString(), "standard input"), complaint);
    }

    @Override
    public void close() {
        close(copy);
    }

    private static void close(PartialFile copy) {
        if (copy != null) {
            try {
                copy.close();
            } catch (IOException e) {
                // Nobody can do anything about it.
                System.getLogger(Recording.class.getName()).log(System.Logger.Level.DEBUG, "a temporary file stays", e);
            }
        }
    }
}
