package org.earshot.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes small sets for tests: WAV files of noise and the metadata to them, and a model that is quick. */
public final class Recordings {
    /** Of the recordings, and what models want. */
    public static final int RATE = 44_100;

    private static final Path MODEL = Path.of("../earshot/src/test/resources/golden/ascmamba-small");

    private Recordings() {}

    /** Noise, full scale 1, already rounded to 16 bits. */
    public static float[] noise(double seconds, long seed) {
        Random random = new Random(seed);
        float[] pcm = new float[(int) (seconds * RATE)];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = (short) (3000 * random.nextGaussian()) / 32768f;
        }
        return pcm;
    }

    /** Writes mono 16-bit PCM. */
    public static Path write(Path file, float... pcm) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(44 + 2 * pcm.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + 2 * pcm.length);
        bytes.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        bytes.putShort((short) 1).putShort((short) 1).putInt(RATE).putInt(2 * RATE);
        bytes.putShort((short) 2).putShort((short) 16);
        bytes.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(2 * pcm.length);
        for (float sample : pcm) {
            bytes.putShort((short) (sample * 32768));
        }
        return Files.write(file, bytes.array());
    }

    /** Takes the second half of the samples away, which the header promises. */
    public static Path cut(Path file) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        return Files.write(file, Arrays.copyOf(whole, 44 + (whole.length - 44) / 2));
    }

    /** A set of unlabelled clips of noise, {@code clip0.wav} and so on, each longer than the one before. */
    public static Dataset set(Path folder, int clips) throws IOException {
        StringBuilder csv = new StringBuilder("filename,location,record_time,scene_label\n");
        for (int i = 0; i < clips; i++) {
            write(folder.resolve("clip" + i + ".wav"), noise(0.3 + 0.05 * i, i));
            csv.append("clip" + i + ".wav,Xi'an,2023-06-18 18:44:0" + i % 10 + ",\n");
        }
        return Dataset.open(Files.writeString(folder.resolve("metadata.csv"), csv), folder);
    }

    /** A copy of a golden model with clips of 50 frames, which take little time, and a text replaced. */
    public static Path model(Path directory, String from, String to) throws IOException {
        Files.createDirectories(directory);
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(file), directory.resolve(file));
        }
        String config = Files.readString(directory.resolve("config.json"));
        if (!config.contains(from)) {
            throw new IllegalArgumentException(from);
        }
        Files.writeString(
                directory.resolve("config.json"),
                config.replace("\"frames\": 500", "\"frames\": 50").replace(from, to));
        return directory;
    }
}
