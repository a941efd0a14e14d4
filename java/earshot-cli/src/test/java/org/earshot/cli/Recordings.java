package org.earshot.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Makes WAV files for tests: 44.1 kHz, mono, 32 bit float. */
public final class Recordings {
    public static final int RATE = 44_100;

    private Recordings() {}

    public static float[] noise(double seconds, long seed) {
        Random random = new Random(seed);
        float[] pcm = new float[(int) (seconds * RATE)];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = (float) (0.1 * random.nextGaussian());
        }
        return pcm;
    }

    public static float[] tone(double seconds, double hertz) {
        float[] pcm = new float[(int) (seconds * RATE)];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = (float) (0.5 * Math.sin(2 * Math.PI * hertz * i / RATE));
        }
        return pcm;
    }

    public static Path write(Path file, float[] pcm) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(44 + 4 * pcm.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 4 * pcm.length);
        bytes.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        bytes.putShort((short) 3).putShort((short) 1).putInt(RATE).putInt(4 * RATE);
        bytes.putShort((short) 4).putShort((short) 32);
        bytes.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(4 * pcm.length);
        for (float sample : pcm) {
            bytes.putFloat(sample);
        }
        return Files.write(file, bytes.array());
    }

    /** Takes the second half of the samples away, which the header promises. */
    public static Path cut(Path file) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        return Files.write(file, Arrays.copyOf(whole, 44 + (whole.length - 44) / 2));
    }
}
