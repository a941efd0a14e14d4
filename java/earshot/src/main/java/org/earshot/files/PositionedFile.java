package org.earshot.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A file that any number of threads read and write at given places. Unlike a {@link java.nio.channels.FileChannel}, it
 * stays open when one of them is interrupted.
 */
public final class PositionedFile implements Closeable {
    private final AsynchronousFileChannel channel;
    private FileLock lock;

    private PositionedFile(AsynchronousFileChannel channel) {
        this.channel = channel;
    }

    /** Does the work in the calling thread: what is wanted of these channels is that an interrupt leaves them open. */
    private static final class CallingThread extends AbstractExecutorService {
        @Override
        public void execute(Runnable command) {
            command.run();
        }

        @Override
        public void shutdown() {
            // No thread to end.
        }

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @param options as of {@link java.nio.channels.FileChannel#open}
     * @return the file, which the caller closes
     * @throws IOException if it cannot be opened
     */
    public static PositionedFile open(Path path, OpenOption... options) throws IOException {
        try {
            return new PositionedFile(AsynchronousFileChannel.open(path, Set.of(options), new CallingThread()));
        } catch (UnsupportedOperationException e) {
            throw new IOException("a file system without access at any place in a file", e);
        }
    }

    /**
     * What lies where a file is to be claimed, if it is no file. By a single look, since whoever has claimed one there
     * may move or delete it at any time.
     *
     * @param path of the file; links are not followed
     * @return in words; empty if there is a file or nothing
     * @throws IOException if nobody can tell
     */
    public static Optional<String> obstacle(Path path) throws IOException {
        try {
            BasicFileAttributes found =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return found.isRegularFile()
                    ? Optional.empty()
                    : Optional.of(found.isSymbolicLink() ? "a link" : "no regular file");
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Opens a file for the caller alone, or makes an empty one, and locks it until it is closed. What has the path when
     * this returns is the file that was locked: whoever had it before may have moved or deleted his meanwhile.
     *
     * @param path the file; links are not followed
     * @return the file, which the caller closes; empty if another process, or this one, has it locked
     * @throws IOException if it cannot be opened, or if the file system cannot lock
     */
    public static Optional<PositionedFile> claim(Path path) throws IOException {
        while (true) {
            Optional<Object> before = identity(path);
            if (before.isEmpty()) {
                try {
                    Files.createFile(path);
                } catch (FileAlreadyExistsException e) {
                    // Another was faster.
                }
                continue;
            }
            PositionedFile file;
            try {
                file = open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            } catch (NoSuchFileException e) {
                continue;
            }
            try {
                if (!file.lock()) {
                    file.close();
                    return Optional.empty();
                }
                if (identity(path).equals(before)) {
                    return Optional.of(file);
                }
                file.close();
            } catch (IOException | RuntimeException e) {
                file.close();
                throw e;
            }
        }
    }

    /** By what a file is known as long as it is open somewhere; the same for all where the system knows nothing. */
    private static Optional<Object> identity(Path path) throws IOException {
        try {
            Object key = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
            return Optional.of(key == null ? "" : key);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private boolean lock() throws IOException {
        try {
            lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /**
     * Gives up the lock of a claimed file, which stays open.
     *
     * @throws IOException if that fails
     */
    public void unlock() throws IOException {
        lock.release();
    }

    /**
     * Reads until the buffer is full.
     *
     * @param target takes the bytes
     * @param position of the first of them
     * @return false if the file ends before
     * @throws IOException if it cannot be read
     */
    public boolean readFully(ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = get(channel.read(target, at));
            if (count < 0) {
                return false;
            }
            at += count;
        }
        return true;
    }

    /**
     * Writes a whole buffer.
     *
     * @param source the bytes
     * @param position of the first of them
     * @throws IOException if it cannot be written
     */
    public void writeFully(ByteBuffer source, long position) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            at += get(channel.write(source, at));
        }
    }

    /**
     * The file's length.
     *
     * @return bytes
     * @throws IOException if it cannot be told
     */
    public long size() throws IOException {
        return channel.size();
    }

    /**
     * Cuts the file.
     *
     * @param size its new length, if it is longer
     * @throws IOException if that fails
     */
    public void truncate(long size) throws IOException {
        channel.truncate(size);
    }

    /**
     * Waits until all that was written is on the disk.
     *
     * @throws IOException if it cannot be
     */
    public void force() throws IOException {
        channel.force(false);
    }

    /** The result, which is there already where the calling thread does the work; else an interrupt has to wait. */
    private static int get(Future<Integer> result) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return result.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
