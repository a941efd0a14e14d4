package org.earshot.audio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes WAV files byte by byte, right ones and wrong ones. */
final class WavBytes {
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

    static WavBytes riff() {
        return new WavBytes().id("RIFF").u32(0x7fff_ffff).id("WAVE");
    }

    /** What is written so far, to be gone on with in several ways. */
    WavBytes copy() {
        WavBytes copy = new WavBytes().order(bytes.order());
        copy.bytes.put(bytes.duplicate().flip());
        return copy;
    }

    WavBytes order(ByteOrder order) {
        bytes.order(order);
        return this;
    }

    WavBytes id(String id) {
        bytes.put(id.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    WavBytes u8(int... values) {
        for (int value : values) {
            bytes.put((byte) value);
        }
        return this;
    }

    WavBytes u16(int... values) {
        for (int value : values) {
            bytes.putShort((short) value);
        }
        return this;
    }

    WavBytes u32(long... values) {
        for (long value : values) {
            bytes.putInt((int) value);
        }
        return this;
    }

    WavBytes u64(long value) {
        bytes.putLong(value);
        return this;
    }

    WavBytes f32(float... values) {
        for (float value : values) {
            bytes.putFloat(value);
        }
        return this;
    }

    WavBytes f64(double... values) {
        for (double value : values) {
            bytes.putDouble(value);
        }
        return this;
    }

    /** A fmt chunk of 16 bytes that does not contradict itself. */
    WavBytes fmt(int tag, int channels, long sampleRate, int bits) {
        int frameBytes = channels * ((bits + 7) / 8);
        return id("fmt ")
                .u32(16)
                .u16(tag, channels)
                .u32(sampleRate, sampleRate * frameBytes)
                .u16(frameBytes, bits);
    }

    Path write(Path folder) throws IOException {
        Path file = Files.createTempFile(folder, "hand made", ".wav");
        byte[] content = new byte[bytes.position()];
        bytes.flip().get(content);
        return Files.write(file, content);
    }

    /** All samples of a file, read in blocks of an odd size. */
    static float[] read(Path file) {
        try (AudioStream stream = AudioFiles.open(file)) {
            float[] all = new float[(1 << 14) + 7 * stream.channels()];
            int filled = 0;
            for (int frames = 0; frames >= 0; filled += Math.max(0, frames) * stream.channels()) {
                frames = stream.read(all, filled, 7);
            }
            return Arrays.copyOf(all, filled);
        }
    }
}
