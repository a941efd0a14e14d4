package org.earshot.audio;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.earshot.error.AudioException;

/**
 * The bytes of a recording, wherever they lie: in a file of any file system, or in memory. What stands in front of the
 * recording itself (tags, filling) and tags behind it are left out. Not thread-safe.
 */
public final class AudioInput implements AutoCloseable {
    /** Most that is held in memory of a file that cannot be read piece by piece: 256 MiB. */
    private static final long MAX_IN_MEMORY = 1L << 28;

    private final ByteSource source;
    private final String name;
    private final AudioFormat format;
    private final long start;
    private final long size;
    private final boolean whole;

    private AudioInput(ByteSource source, String name, FormatRecognition found) {
        this(source, name, found.format(), found.start(), found.end() - found.start(), true);
    }

    private AudioInput(ByteSource source, String name, AudioFormat format, long start, long size, boolean whole) {
        this.source = source;
        this.name = name;
        this.format = format;
        this.start = start;
        this.size = size;
        this.whole = whole;
    }

    /**
     * Opens a file.
     *
     * @param file a regular file of any file system
     * @param limits bounds on its size
     * @throws AudioException if it is missing, empty, unreadable, too large, or of a format that is not known
     */
    static AudioInput open(Path file, AudioLimits limits) {
        if (Files.isDirectory(file)) {
            throw new AudioException(AudioException.Reason.FORMAT, file, "a directory", "a recording");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new AudioException(AudioException.Reason.FORMAT, file, "a device, pipe or socket", "a regular file");
        }
        return recognized(source(file, limits), file.toString(), limits);
    }

    /**
     * Takes a whole file from memory.
     *
     * @param bytes its content; not copied
     * @param name what messages call it
     * @param limits bounds on its size
     * @throws AudioException as {@link #open}
     */
    static AudioInput of(byte[] bytes, String name, AudioLimits limits) {
        return recognized(ByteSource.of(bytes), name, limits);
    }

    /**
     * Reads a whole file into memory.
     *
     * @param in its content, read to the end; not closed
     * @param name what messages call it
     * @param limits bounds on its size
     * @throws AudioException as {@link #open}
     */
    static AudioInput of(InputStream in, String name, AudioLimits limits) {
        long most = Math.min(limits.maxBytes(), MAX_IN_MEMORY);
        byte[] bytes;
        try {
            bytes = in.readNBytes((int) most + 1);
        } catch (IOException e) {
            throw AudioFiles.unreadable(name, e);
        }
        checkSize(name, bytes.length, most);
        return recognized(ByteSource.of(bytes), name, limits);
    }

    private static ByteSource source(Path file, AudioLimits limits) {
        try {
            if (file.getFileSystem().provider().getScheme().equals("jar")) {
                // Java's zip file system unpacks a file into memory before its first byte can be read.
                checkSize(file, Files.size(file), Math.min(limits.maxBytes(), MAX_IN_MEMORY));
            }
            return ByteSource.of(Files.newByteChannel(file));
        } catch (IOException e) {
            throw AudioFiles.unreadable(file, e);
        } catch (UnsupportedOperationException e) {
            throw new AudioException(
                    AudioException.Reason.IO,
                    file,
                    "a file system whose files cannot be read at any place (" + file.getFileSystem() + ")",
                    "one that gives a SeekableByteChannel; or AudioClip.read with the file's bytes",
                    e);
        }
    }

    private static AudioInput recognized(ByteSource source, String name, AudioLimits limits) {
        boolean recognized = false;
        try {
            checkSize(name, source.size(), limits.maxBytes());
            if (source.size() == 0) {
                throw new AudioException(AudioException.Reason.FORMAT, name, "an empty file", "a recording");
            }
            AudioInput input = new AudioInput(source, name, FormatRecognition.of(source, name));
            recognized = true;
            return input;
        } catch (IOException e) {
            throw AudioFiles.unreadable(name, e);
        } finally {
            if (!recognized) {
                AudioFiles.closeQuietly(source);
            }
        }
    }

    private static void checkSize(Object subject, long bytes, long most) {
        if (bytes > most) {
            throw new AudioException(
                    AudioException.Reason.LIMIT, subject, "more than " + most + " bytes", "at most so many");
        }
    }

    /**
     * What messages call the recording.
     *
     * @return the file's path, or the name that the caller gave
     */
    public String name() {
        return name;
    }

    /**
     * The format, judged by the bytes and never by the name.
     *
     * @return one of those that the decoder said it opens
     */
    public AudioFormat format() {
        return format;
    }

    /**
     * How long the recording is, without what stands in front of it and behind it.
     *
     * @return bytes, at least 1
     */
    public long size() {
        return size;
    }

    /**
     * Reads bytes.
     *
     * @param position of the first one, from the recording's start
     * @param target receives as many as there are up to its limit
     * @return how many there were, fewer than asked for only at the end; -1 if there are none behind the position
     * @throws AudioException of reason {@link AudioException.Reason#IO} if reading fails, of
     *     {@link AudioException.Reason#INTERRUPTED} if the thread is interrupted (the flag stays set) or the input was
     *     closed by another
     */
    public int read(long position, ByteBuffer target) {
        long left = size - position;
        if (left <= 0) {
            return -1;
        }
        int limit = target.limit();
        if (target.remaining() > left) {
            target.limit(target.position() + (int) left);
        }
        try {
            return source.readFully(start + position, target);
        } catch (IOException e) {
            throw AudioFiles.unreadable(name, e);
        } finally {
            target.limit(limit);
        }
    }

    /**
     * A part of the recording that is a recording by itself, as those of a chain are.
     *
     * @param from its first byte
     * @param to behind its last byte
     * @return the part, which can be read as long as this input is open; to close it does nothing
     * @throws IndexOutOfBoundsException if it is not a part of this
     */
    public AudioInput part(long from, long to) {
        Objects.checkFromToIndex(from, to, size);
        return new AudioInput(source, name, format, start + from, to - from, false);
    }

    /** Closes the file. A second call does nothing. */
    @Override
    public void close() {
        if (whole) {
            AudioFiles.closeQuietly(source);
        }
    }

    /**
     * For messages.
     *
     * @return name, format and size
     */
    @Override
    public String toString() {
        return name + " (" + format.title() + ", " + size + " bytes)";
    }
}
