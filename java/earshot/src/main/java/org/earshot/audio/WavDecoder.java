package org.earshot.audio;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads WAV files: RIFF, RIFX, RF64 and BW64; integers of 8, 16, 24 and 32 bits, floating point of 32 and 64 bits; any
 * number of channels; WAVE_FORMAT_EXTENSIBLE; chunks in any order. A data chunk that is cut short, or whose length its
 * writer never filled in, gives what the file holds.
 */
public final class WavDecoder implements AudioDecoder {
    /** Creates the decoder, which has no state. */
    public WavDecoder() {}

    @Override
    public String name() {
        return "WAV";
    }

    @Override
    public boolean accepts(byte[] head) {
        return WavHeader.matches(head);
    }

    @Override
    public AudioStream open(Path file) {
        SeekableByteChannel channel = null;
        try {
            channel = Files.newByteChannel(file);
            AudioStream stream = new WavStream(file, channel, WavHeader.parse(file, channel));
            channel = null;
            return stream;
        } catch (IOException e) {
            throw AudioFiles.unreadable(file, e);
        } finally {
            AudioFiles.closeQuietly(channel);
        }
    }
}
