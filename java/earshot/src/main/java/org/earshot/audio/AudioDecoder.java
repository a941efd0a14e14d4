package org.earshot.audio;

import java.util.Set;

/**
 * Opens recordings of some formats. Implementations beside the built-in WAV decoder are found by
 * {@link java.util.ServiceLoader}.
 */
public interface AudioDecoder {
    /**
     * The formats that {@link #open} should be tried for. {@link AudioFormat#WAV} stands for the codings that the
     * library does not decode itself.
     *
     * @return not empty
     */
    Set<AudioFormat> formats();

    /**
     * Opens a recording.
     *
     * @param input the recording, in one of this decoder's formats; the stream that is returned closes it, the caller
     *     does if this method throws
     * @return its PCM, which the caller closes
     * @throws org.earshot.error.AudioException if it cannot be read
     */
    AudioStream open(AudioInput input);
}
