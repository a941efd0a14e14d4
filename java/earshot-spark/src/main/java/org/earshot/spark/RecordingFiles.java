package org.earshot.spark;

import java.io.IOException;
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

    private final Configuration hadoop;

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
            // Not parsed: what looks like a scheme in it is none.
            org.apache.hadoop.fs.Path there = new org.apache.hadoop.fs.Path(null, null, path);
            FileSystem files = asked(path, () -> FileSystem.get(hadoop));
            return new Place(files, there, isHere(files) ? Path.of(path) : null);
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
            return temporary(path, file -> Files.write(file, content), work);
        } catch (IOException e) {
            throw new AudioException(
                    AudioException.Reason.IO, path, "no room to lay it down (" + IoReason.of(e) + ")", "some", e);
        }
    }

    private static <T> T copied(String path, Place place, Function<Path, T> work) throws IOException {
        return temporary(
                path,
                file -> {
                    try (var in = asked(path, () -> place.files.open(place.path));
                            var out = Files.newOutputStream(file)) {
                        in.transferTo(out);
                    }
                },
                work);
    }

    /** Writes a temporary file. */
    @FunctionalInterface
    private interface Content {
        void write(Path file) throws IOException;
    }

    private static <T> T temporary(String path, Content content, Function<Path, T> work) throws IOException {
        Path file = Files.createTempFile("earshot-", ".recording");
        try {
            content.write(file);
            return work.apply(file);
        } catch (AudioException e) {
            throw e.reason() == AudioException.Reason.INTERRUPTED
                    ? e
                    : DatasetException.asBefore(e.getMessage().replace(file.toString(), path));
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
