package org.earshot.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

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
     * Writes or replaces a file.
     *
     * @param target the file; its folder must exist
     * @param content what it shall hold
     * @throws IOException if that fails; the target is then as it was
     */
    public static void write(Path target, Content content) throws IOException {
        // Not Files.createTempFile: its owner-only permissions would stay with the target.
        Path part = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            try (OutputStream out =
                    new BufferedOutputStream(Files.newOutputStream(part, StandardOpenOption.CREATE_NEW), 1 << 16)) {
                content.writeTo(out);
            }
            replace(part, target);
        } finally {
            Files.deleteIfExists(part);
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
        try {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
