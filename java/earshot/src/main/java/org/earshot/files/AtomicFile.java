package org.earshot.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Writes a file whole or not at all: the bytes go to a new file beside the target, which then takes its place. A
 * symbolic link stays, and what it leads to is written.
 */
public final class AtomicFile {
    /** As many as Linux follows. */
    private static final int MOST_LINKS = 40;

    private AtomicFile() {}

    /** What is to be written. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes everything.
         *
         * @param out where to; closed by the caller
         * @throws IOException if it cannot be written
         */
        void writeTo(OutputStream out) throws IOException;
    }

    /**
     * Writes a file, or replaces a regular one.
     *
     * @param target the file; its folder must exist
     * @param content what it shall hold
     * @throws IOException if that fails; the target is then as it was
     */
    public static void write(Path target, Content content) throws IOException {
        Path place = place(target);
        requireReplaceable(place);
        try (PartialFile part = PartialFile.beside(place)) {
            try (OutputStream out = new BufferedOutputStream(create(part.path()), 1 << 16)) {
                content.writeTo(out);
            }
            replace(part.path(), place);
        }
    }

    /**
     * Where a target lies, if links lead there.
     *
     * @param target the file to write; nothing need be there, nor where a link leads
     * @return what is no link
     * @throws IOException if links go round in a circle, or lead through a process's open files
     */
    public static Path place(Path target) throws IOException {
        Path place = target;
        for (int links = 0; Files.isSymbolicLink(place); links++) {
            if (links == MOST_LINKS) {
                throw new FileSystemLoopException(target.toString());
            }
            // /dev/stdout is such a link: the program that opened the file would go on writing to what was there
            // before.
            if (place.toAbsolutePath().getParent().toRealPath().startsWith("/proc")) {
                throw new FileSystemException(
                        target.toString(), null, "it stands for what a process has open, not for a place");
            }
            place = place.resolveSibling(Files.readSymbolicLink(place));
        }
        return place;
    }

    /** Not Files.createTempFile: its owner-only permissions would stay with the target. */
    private static OutputStream create(Path part) throws IOException {
        return Files.newOutputStream(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /**
     * Makes sure that a file can be written to a target's folder, by making one there and deleting it.
     *
     * @param target the file that will be written
     * @throws IOException if it cannot be
     */
    public static void probe(Path target) throws IOException {
        try {
            Files.readAttributes(target, BasicFileAttributes.class);
        } catch (NoSuchFileException e) {
            // Any other reason, such as a name that is too long, would keep it from being written too.
        }
        try (PartialFile part = PartialFile.beside(place(target))) {
            create(part.path()).close();
        }
    }

    /**
     * Puts a finished file in the place of another, or of a link.
     *
     * @param part the finished file, in the target's folder
     * @param target the file to write or replace; {@link #place} says what a link leads to
     * @throws IOException if that fails; the target is then as it was
     */
    public static void replace(Path part, Path target) throws IOException {
        requireReplaceable(target);
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** A device's place would be taken by a file, for all programs: who is root may move something there. */
    private static void requireReplaceable(Path target) throws IOException {
        if (Files.exists(target) && !Files.isRegularFile(target) && !Files.isDirectory(target)) {
            throw new FileSystemException(target.toString(), null, "a device, pipe or socket is there");
        }
    }
}
