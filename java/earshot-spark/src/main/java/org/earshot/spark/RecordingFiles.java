package org.earshot.spark;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceConfigurationError;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.earshot.dataset.DatasetException;
import org.earshot.error.AudioException;
import org.earshot.error.EarshotException;
import org.earshot.files.IoReason;

/**
 * Recordings by their paths. What lies on a file system of this machine (a network's may be mounted there) is read
 * where it is; what lies on another one that Hadoop knows is copied to this machine while it is read, whatever its
 * length: decoders go to and fro in a file.
 */
final class RecordingFiles {
    private static final Pattern URI = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]+:/.*", Pattern.DOTALL);

    /** The property that names the folder of temporary files. */
    private static final String TEMPORARY = "java.io.tmpdir";

    private final Configuration hadoop;
    /** Of paths without a scheme: Hadoop looks it up by who asks, which takes longer than to open a file. */
    private FileSystem usual;

    RecordingFiles(Configuration hadoop) {
        this.hadoop = hadoop;
    }

    /**
     * Does something with a recording.
     *
     * @param path as the row has it
     * @param work takes the recording's file, which may be gone when it returns
     * @throws EarshotException if there is no such file, or what the work throws; the message names the row's path
     */
    <T> T with(String path, Function<Path, T> work) {
        try {
            Place place = place(path);
            return place.here == null ? copied(path, place, work) : work.apply(place.here);
        } catch (IOException e) {
            throw new AudioException(
                    AudioException.Reason.IO,
                    path,
                    "a file that cannot be read (" + IoReason.of(e) + ")",
                    "a recording",
                    e);
        }
    }

    /**
     * Where a recording lies.
     *
     * @param path in the file system; null if it lies on this machine under a path of this machine
     * @param here on this machine; null if it is not
     */
    private record Place(FileSystem files, org.apache.hadoop.fs.Path path, Path here) {}

    private Place place(String path) throws IOException {
        try {
            if (URI.matcher(path).matches()) {
                org.apache.hadoop.fs.Path there = new org.apache.hadoop.fs.Path(path);
                FileSystem files = asked(path, () -> there.getFileSystem(hadoop));
                return new Place(
                        files, there, isHere(files) ? Path.of(there.toUri().getPath()) : null);
            }
            if (usual == null) {
                usual = asked(path, () -> FileSystem.get(hadoop));
            }
            // Not parsed: what looks like a scheme in it is none.
            return isHere(usual)
                    ? new Place(usual, null, Path.of(path))
                    : new Place(usual, new org.apache.hadoop.fs.Path(null, null, path), null);
        } catch (IllegalArgumentException e) {
            throw new AudioException(AudioException.Reason.IO, path, "no possible path", "a file", e);
        }
    }

    /** A question to a file system. */
    @FunctionalInterface
    private interface Question<T> {
        T ask() throws IOException;
    }

    /** Asks a file system, which throws anything where its classes, their libraries or its settings are missing. */
    private static <T> T asked(String path, Question<T> question) throws IOException {
        try {
            return question.ask();
        } catch (RuntimeException | LinkageError | ServiceConfigurationError e) {
            throw new AudioException(
                    AudioException.Reason.IO,
                    path,
                    "a file system that does not work on this executor (" + e + ")",
                    "one whose classes and settings the cluster has",
                    e);
        }
    }

    private static boolean isHere(FileSystem files) {
        return files instanceof LocalFileSystem;
    }

    /**
     * Does something with a recording that is in memory.
     *
     * @param path what messages call it
     * @param content of the whole file
     * @param work as above
     */
    <T> T with(String path, byte[] content, Function<Path, T> work) {
        try {
            return temporary(path, out -> out.write(content), work);
        } catch (IOException e) {
            throw new IllegalStateException("only the copy is written", e);
        }
    }

    private static <T> T copied(String path, Place place, Function<Path, T> work) throws IOException {
        return temporary(
                path,
                out -> {
                    try (var in = asked(path, () -> place.files.open(place.path))) {
                        in.transferTo(out);
                    }
                },
                work);
    }

    /** Writes a copy. */
    @FunctionalInterface
    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** What could not be written, not what could not be read. */
    private static final class NoPlace extends IOException {
        private static final long serialVersionUID = 1L;

        NoPlace(IOException cause) {
            super(IoReason.of(cause), cause);
        }
    }

    /** Tells what goes wrong with the copy from what goes wrong with the recording. */
    private static final class Copy extends FilterOutputStream {
        Copy(Path file) throws IOException {
            super(Files.newOutputStream(file));
        }

        @Override
        public void write(byte[] block, int offset, int length) throws IOException {
            try {
                out.write(block, offset, length);
            } catch (IOException e) {
                throw new NoPlace(e);
            }
        }
    }

    private static <T> T temporary(String path, Content content, Function<Path, T> work) throws IOException {
        Path folder = Path.of(System.getProperty(TEMPORARY));
        Path file;
        try {
            file = Files.createTempFile(folder, "earshot-", ".recording");
        } catch (IOException e) {
            throw noPlace(path, folder, IoReason.of(e), e);
        }
        try {
            try (Copy copy = new Copy(file)) {
                content.write(copy);
            } catch (NoPlace e) {
                throw noPlace(path, folder, e.getMessage(), e);
            }
            return work.apply(file);
        } catch (AudioException e) {
            throw e.reason() == AudioException.Reason.INTERRUPTED
                    ? e
                    : DatasetException.asBefore(e.getMessage().replace(file.toString(), path));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static AudioException noPlace(String path, Path folder, String reason, IOException e) {
        return new AudioException(
                AudioException.Reason.IO,
                path,
                "no place for a copy of it in " + folder + " (" + reason + ")",
                "a folder with room for a recording of each task, which -D" + TEMPORARY
                        + " in spark.executor.extraJavaOptions names",
                e);
    }
}
