package org.earshot.examples;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The demonstration model and the recordings beside it, each of which is called as its scene is. */
final class Samples {
    static final Path MODEL = Path.of("../../tools/demo-model");

    /** Of the samples: 48 kHz, mono, 16 bit. */
    static final int RATE = 48_000;

    private static final int HEADER_BYTES = 44;
    private static final int RIFF_LENGTH_AT = 4;
    private static final int DATA_LENGTH_AT = 40;

    private Samples() {}

    /** All ten. */
    static List<Path> all() throws IOException {
        try (var files = Files.list(Path.of("../../tools/samples"))) {
            return files.filter(file -> file.toString().endsWith(".wav"))
                    .sorted()
                    .toList();
        }
    }

    static Path of(String scene) {
        return Path.of("../../tools/samples", scene + ".wav");
    }

    /** The model's label that a sample's name is. */
    static String label(Path sample) {
        String name = sample.getFileName().toString().replace(".wav", "").replace('-', ' ');
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    /** Writes samples one after another into one file. */
    static Path joined(Path file, List<Path> samples) throws IOException {
        ByteArrayOutputStream sound = new ByteArrayOutputStream();
        for (Path sample : samples) {
            byte[] bytes = Files.readAllBytes(sample);
            sound.write(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
        }
        return Files.write(file, withHeader(samples.get(0), sound.toByteArray()));
    }

    /** 20 s in a bus, then 20 s in the metro: half a window of 10 s on either side of the change has heard both. */
    static Path busThenMetro(Path file) throws IOException {
        Path bus = of("bus");
        Path metro = of("metro");
        return joined(file, List.of(bus, bus, bus, bus, metro, metro, metro, metro));
    }

    /** A file's beginning, as a file. */
    static byte[] beginning(Path sample, double seconds) throws IOException {
        byte[] bytes = Files.readAllBytes(sample);
        int length = Short.BYTES * (int) (seconds * RATE);
        return withHeader(sample, Arrays.copyOfRange(bytes, HEADER_BYTES, HEADER_BYTES + length));
    }

    private static byte[] withHeader(Path sample, byte[] sound) throws IOException {
        return ByteBuffer.allocate(HEADER_BYTES + sound.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(Files.readAllBytes(sample), 0, HEADER_BYTES)
                .put(sound)
                .putInt(RIFF_LENGTH_AT, HEADER_BYTES - 8 + sound.length)
                .putInt(DATA_LENGTH_AT, sound.length)
                .array();
    }

    /** A main, with its arguments. */
    @FunctionalInterface
    interface Program {
        void run() throws Exception;
    }

    /** What a program prints. */
    static List<String> printed(Program program) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            program.run();
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
