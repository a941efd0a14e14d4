package org.earshot.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the text files that people write for a model: short, in UTF-8, with or without a byte-order mark. */
public final class TextFile {
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private TextFile() {}

    /** A file that is not such a text. Its message says what was found. */
    public static final class UnfitException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String expected;

        UnfitException(String found, String expected, Throwable cause) {
            super(found, cause);
            this.expected = expected;
        }

        /**
         * What would have been right.
         *
         * @return a few words
         */
        public String expected() {
            return expected;
        }
    }

    /**
     * Reads a file.
     *
     * @param file a regular file: a pipe might never end, nor even begin
     * @param most bytes at most
     * @return its text, without the byte-order mark
     * @throws UnfitException if it is missing, no regular file, longer, unreadable or not UTF-8
     */
    public static String read(Path file, int most) throws UnfitException {
        if (!Files.isRegularFile(file)) {
            String found =
                    Files.isDirectory(file) ? "a folder" : Files.exists(file) ? "no regular file" : "no such file";
            throw new UnfitException(found, "a text file", null);
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(most + 1);
        } catch (IOException e) {
            throw new UnfitException("a file that cannot be read (" + IoReason.of(e) + ")", "a readable text file", e);
        }
        if (bytes.length > most) {
            throw new UnfitException("more than " + most + " bytes", "a file much shorter", null);
        }
        return decode(bytes);
    }

    private static String decode(byte[] bytes) throws UnfitException {
        if (bytes.length > 1 && (bytes[0] & bytes[1] & 0xfe) == 0xfe && bytes[0] != bytes[1]) {
            throw new UnfitException("text in UTF-16, as its byte-order mark says", "text in UTF-8", null);
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new UnfitException("text that is not UTF-8", "text in UTF-8", e);
        }
    }
}
