package org.earshot.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Writes a file whole or not at all: the bytes go to a new file beside the target, which then takes its place. */
public final class AtomicFile {
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
        requireReplaceable(target);
        try (PartialFile part = PartialFile.beside(target)) {
            try (OutputStream out = new BufferedOutputStream(create(part.path()), 1 << 16)) {
                content.writeTo(out);
            }
            replace(part.path(), target);
        }
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
        try (PartialFile part = PartialFile.beside(target)) {
            create(part.path()).close();
        }
    }

    /**
     * Puts a finished file in the place of another.
     *
     * @param part the finished file, in the target's folder
     * @param target the file to write or replace
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
