package org.earshot.spark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Writes recordings for tests: each another tone in noise, of the same bytes every time. */
final class Recordings {
    private static final int HEADER = 44;

    private Recordings() {}

    /** Writes a WAV file of 16 bits, mono. */
    static Path write(Path file, long seed, double seconds, int rate) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        double step = 2 * Math.PI * random.nextDouble(80, 4000) / rate;
        double noise = random.nextDouble(0.02, 0.3);
        int samples = (int) Math.round(seconds * rate);
        ByteBuffer bytes = ByteBuffer.allocate(HEADER + 2 * samples).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(HEADER - 8 + 2 * samples);
        bytes.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        bytes.putShort((short) 1).putShort((short) 1).putInt(rate).putInt(2 * rate);
        bytes.putShort((short) 2).putShort((short) 16);
        bytes.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * samples);
        for (int i = 0; i < samples; i++) {
            double value = 0.5 * Math.sin(i * step) + random.nextDouble(-noise, noise);
            bytes.putShort((short) Math.round(value * Short.MAX_VALUE));
        }
        return Files.write(file, bytes.array());
    }

    /** Writes what looks like a recording by its name only. */
    static Path writeBroken(Path file, long seed) throws IOException {
        byte[] bytes = new byte[1000];
        new SplittableRandom(seed).nextBytes(bytes);
        return Files.write(file, bytes);
    }
}
