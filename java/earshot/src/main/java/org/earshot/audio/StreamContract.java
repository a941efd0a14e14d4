package org.earshot.audio;

import java.util.List;

/**
 * Holds decoders and streams to what their interfaces ask of them: they may be anybody's, and what they do wrong is
 * said in their name.
 */
final class StreamContract {
    private StreamContract() {}

    static AudioStream open(AudioDecoder decoder, AudioInput input) {
        AudioStream opened = decoder.open(input);
        if (opened == null) {
            throw new IllegalStateException(
                    input.name() + ": " + fault(decoder, "open() gave null", "an AudioStream or an exception"));
        }
        return opened;
    }

    static int channels(AudioStream stream) {
        int channels = stream.channels();
        if (channels < 1) {
            throw new IllegalStateException(fault(stream, "channels() gave " + channels, "at least 1"));
        }
        return channels;
    }

    static int read(AudioStream stream, float[] interleaved, int offset, int most) {
        int frames = stream.read(interleaved, offset, most);
        if (frames == 0 || frames > most) {
            // To ask again might go on for ever.
            throw new IllegalStateException(
                    fault(stream, "read() gave " + frames + " frames", "1 to " + most + ", or -1 at the end"));
        }
        return frames;
    }

    static List<AudioLoss> losses(AudioStream stream) {
        List<AudioLoss> losses = stream.losses();
        if (losses == null) {
            throw new IllegalStateException(fault(stream, "losses() gave null", "a list, empty if nothing was lost"));
        }
        return losses;
    }

    private static String fault(Object whose, String found, String expected) {
        return whose.getClass().getName() + "." + found + "; expected " + expected;
    }
}
