package org.earshot.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.MonoReader;
import org.earshot.backend.choice.Backends;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMelFrames;

/**
 * Where the time goes when the features of a set are computed into a cache: each stage by itself, in one thread, over
 * the recordings of a folder. Arguments: the folder, how many recordings, a file to write to, which is deleted.
 */
public final class FeatureStages {
    private static final int ROUNDS = 3;

    private FeatureStages() {}

    /** What is done to one recording. */
    @FunctionalInterface
    private interface Stage {
        void run(Path recording) throws IOException;
    }

    /**
     * Measures and prints a table.
     *
     * @param args folder, number of recordings, scratch file
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        List<Path> recordings;
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            recordings = files.sorted().limit(Integer.parseInt(args[1])).toList();
        }
        FeatureParameters parameters = FeatureParameters.baseline();
        LogMelFrames frames = Backends.startOnProcessors(1).frames(parameters).orElseThrow();
        float[] pcm = new float[parameters.windowSamples() + parameters.hopLength()];
        float[] features = new float[parameters.frames() * parameters.melBands()];
        double read = milliseconds(recordings, recording -> {
            int rate;
            try (var stream = AudioFiles.open(recording)) {
                rate = stream.sampleRate();
            }
            try (MonoReader reader = MonoReader.open(recording, rate)) {
                while (reader.read(pcm, 0, pcm.length) > 0) {
                    // To its end.
                }
            }
        });
        double resampled = milliseconds(recordings, recording -> {
            try (MonoReader reader = MonoReader.open(recording, parameters.sampleRate())) {
                reader.read(pcm, 0, pcm.length);
            }
        });
        double transformed =
                milliseconds(recordings, recording -> frames.computeClip(pcm, parameters.windowSamples(), features));
        frames.close();
        double digested = milliseconds(recordings, FeatureStages::digest);
        Path target = Path.of(args[2]);
        double written;
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer row = ByteBuffer.allocate(Float.BYTES * features.length);
            written = milliseconds(recordings, recording -> {
                row.clear();
                row.asFloatBuffer().put(features);
                channel.write(row);
            });
        } finally {
            Files.deleteIfExists(target);
        }
        print("opening, decoding, mixing down", read);
        print("resampling (what it adds)", resampled - read);
        print("log-mel", transformed);
        print("SHA-256 of the file", digested);
        print("writing to the page cache", written);
    }

    private static void print(String stage, double milliseconds) {
        System.out.printf(Locale.ROOT, "| %s | %.2f |%n", stage, milliseconds);
    }

    private static void digest(Path recording) throws IOException {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(Files.readAllBytes(recording));
            sha.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    /** The best of some rounds, per recording. The first ones warm up the compiler. */
    private static double milliseconds(List<Path> recordings, Stage stage) throws IOException {
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (Path recording : recordings) {
                stage.run(recording);
            }
            best = Math.min(best, (System.nanoTime() - start) * 1e-6 / recordings.size());
        }
        return best;
    }
}
