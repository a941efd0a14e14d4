package org.earshot.audio;

import java.nio.file.Path;

/**
 * Opens recordings of some formats. Implementations beside the built-in WAV decoder are found by
 * {@link java.util.ServiceLoader}.
 */
public interface AudioDecoder {
    /**
     * What this decoder is called in messages.
     *
     * @return for example {@code "FFmpeg"}
     */
    String name();

    /**
     * Whether this decoder is the one for a file, judged by its first bytes and never by its name.
     *
     * @param head the file's first bytes, at most {@value #HEAD_BYTES}, fewer only if the file is shorter
     * @return true if {@link #open} should be tried
     */
    boolean accepts(byte[] head);

    /** Bytes of the file that {@link #accepts} is shown. */
    int HEAD_BYTES = 64;

    /**
     * Opens a recording.
     *
     * @param file the recording
     * @return its PCM, which the caller closes
     * @throws org.earshot.AudioException if it cannot be read
     */
    AudioStream open(Path file);
}
