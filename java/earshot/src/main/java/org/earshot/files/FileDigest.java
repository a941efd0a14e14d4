package org.earshot.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** By what a file's content is known again. */
public final class FileDigest {
    private static final int BLOCK = 1 << 16;

    private FileDigest() {}

    /**
     * SHA-256 of a file.
     *
     * @param file of any length
     * @return 32 bytes
     * @throws IOException if it cannot be read
     */
    public static byte[] sha256(Path file) throws IOException {
        MessageDigest sha = sha256();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] block = new byte[BLOCK];
            for (int read = in.read(block); read > 0; read = in.read(block)) {
                sha.update(block, 0, read);
            }
        }
        return sha.digest();
    }

    /**
     * SHA-256 to be fed.
     *
     * @return a new one
     */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // Every JDK has it.
        }
    }
}
