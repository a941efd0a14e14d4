package org.earshot.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The place of a file, or of a folder of files, that is not finished: closing it deletes what is left there. A program
 * that may be ended by a signal has {@link #deleteAll} called at its end; a library has no such hook, which would keep
 * its classes loaded.
 */
public final class PartialFile implements Closeable {
    private static final Set<Path> UNFINISHED = ConcurrentHashMap.newKeySet();
    private static volatile boolean ended;

    private final Path path;

    private PartialFile(Path path) {
        this.path = path;
    }

    /**
     * A new place in a folder, of a name that no other has. Nothing is made there.
     *
     * @param folder where
     * @return the place
     * @throws IOException after {@link #deleteAll}
     */
    public static PartialFile in(Path folder) throws IOException {
        // The target's name is no part of it: with more behind it, it could be longer than a name may be.
        Path path = folder.resolve(".earshot-" + UUID.randomUUID() + ".part");
        UNFINISHED.add(path);
        if (ended) {
            UNFINISHED.remove(path);
            throw new IOException("the process is ending");
        }
        return new PartialFile(path);
    }

    /**
     * A new place beside a file.
     *
     * @param target the file
     * @return the place
     * @throws IOException after {@link #deleteAll}
     */
    public static PartialFile beside(Path target) throws IOException {
        return in(
                target.toAbsolutePath().getParent() == null
                        ? target
                        : target.toAbsolutePath().getParent());
    }

    /**
     * Where it is.
     *
     * @return a path at which nothing was before
     */
    public Path path() {
        return path;
    }

    /** Deletes what is there; nothing if it was moved away. */
    @Override
    public void close() throws IOException {
        delete(path);
        UNFINISHED.remove(path);
    }

    /** Deletes all that is not finished, and lets no more be begun: for the end of a process. */
    public static void deleteAll() {
        ended = true;
        for (Path path : UNFINISHED) {
            try {
                delete(path);
            } catch (IOException e) {
                // Nobody is left to be told.
                System.getLogger(PartialFile.class.getName()).log(System.Logger.Level.DEBUG, "a partial file stays", e);
            }
        }
    }

    private static void delete(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
                for (Path file : files) {
                    Files.deleteIfExists(file);
                }
            }
        }
        Files.deleteIfExists(path);
    }
}
