package org.earshot.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.earshot.error.WeightsException;
import org.earshot.files.IoReason;

/**
 * A weight file of any size, whose bytes {@link WeightReader}s read at absolute positions. It is not mapped into
 * memory: what a mapping does when the file is cut short meanwhile is a fault of the whole process. Nothing is held
 * open between two readers; that both see the same file is checked.
 *
 * <p>A file of another file system than the default one (a zip archive, memory) is read into memory as a whole.
 */
final class WeightFile {
    /** Bytes at most of a file that is read into memory. */
    private static final int LARGEST_COPY = 1 << 30;

    private final Path path;
    private final Identity identity;
    /** Null if it is read from the disk. */
    private final ByteBuffer content;

    /** By what a file is known again. */
    private record Identity(long size, FileTime modified, Object key) {
        static Identity of(Path path) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Identity(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
        }
    }

    private WeightFile(Path path, Identity identity, ByteBuffer content) {
        this.path = path;
        this.identity = identity;
        this.content = content;
    }

    /**
     * Finds a file.
     *
     * @throws WeightsException if there is no such regular file, or it cannot be read
     */
    static WeightFile of(Path path) {
        if (!Files.exists(path)) {
            throw new WeightsException(path, "no such file", "a weight file");
        }
        // Before opening: a pipe would block there, a folder would open and fail oddly later.
        if (!Files.isRegularFile(path)) {
            throw new WeightsException(path, Files.isDirectory(path) ? "a folder" : "no regular file", "a weight file");
        }
        try {
            boolean direct = path.getFileSystem() == FileSystems.getDefault();
            return direct ? new WeightFile(path, Identity.of(path), null) : new WeightFile(path, null, copy(path));
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    /**
     * Takes a file that is in memory.
     *
     * @param content all of it; not copied
     * @param name what messages call it
     */
    static WeightFile of(ByteBuffer content, Path name) {
        return new WeightFile(name, null, content.slice());
    }

    private static ByteBuffer copy(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] content = in.readNBytes(LARGEST_COPY);
            if (in.read() >= 0) {
                throw new WeightsException(
                        path,
                        "more than " + LARGEST_COPY + " bytes in a file system that is read into memory",
                        "at most as many, or a file on disk");
            }
            return ByteBuffer.wrap(content);
        } catch (OutOfMemoryError e) {
            throw new WeightsException(
                    path, "a file for which the Java heap has no room", "a larger heap (-Xmx), or a file on disk", e);
        }
    }

    static WeightsException unreadable(Path path, IOException e) {
        return new WeightsException(
                path, "a file that cannot be read (" + IoReason.of(e) + ")", "a readable weight file", e);
    }

    Path path() {
        return path;
    }

    long size() {
        return content == null ? identity.size() : content.limit();
    }

    /**
     * Begins to read.
     *
     * @return a reader, which the caller closes
     * @throws WeightsException if the file cannot be read, or is another than before
     */
    WeightReader reader() {
        if (content != null) {
            return new WeightReader(this, content);
        }
        try {
            Identity found = Identity.of(path);
            if (!found.equals(identity)) {
                throw new WeightsException(
                        path,
                        "a file that has changed since reading it began (" + found.size() + " bytes, " + identity.size()
                                + " before)",
                        "one that stays as it is until the model is loaded");
            }
            return new WeightReader(this);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }
}
