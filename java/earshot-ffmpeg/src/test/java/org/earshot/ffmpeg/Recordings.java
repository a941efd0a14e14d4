package org.earshot.ffmpeg;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;

/** The recordings that tests read; tools/reference/fixtures/audio.py and audio_damage.py wrote them. */
final class Recordings {
    /** What came out of a recording: samples of all channels, and what it lacks. */
    static final class Decoded {
        private final float[] samples;
        private final List<AudioLoss> losses;

        Decoded(float[] samples, List<AudioLoss> losses) {
            this.samples = samples;
            this.losses = losses;
        }

        float[] samples() {
            return samples;
        }

        List<AudioLoss> losses() {
            return losses;
        }
    }

    private Recordings() {}

    static byte[] bytes(String name) {
        try (InputStream in = Recordings.class.getResourceAsStream("/audio/" + name)) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Decoded decode(byte[] file, String name) {
        return decode(AudioFiles.open(file, name, AudioLimits.defaults()));
    }

    static Decoded decode(AudioStream opened) {
        try (AudioStream stream = opened) {
            float[] samples = new float[1 << 16];
            int filled = 0;
            int most = 1000;
            for (int read = 0; read >= 0; filled += Math.max(0, read) * stream.channels()) {
                if (samples.length - filled < most * stream.channels()) {
                    samples = Arrays.copyOf(samples, 2 * samples.length);
                }
                read = stream.read(samples, filled, most);
            }
            return new Decoded(Arrays.copyOf(samples, filled), stream.losses());
        }
    }

    /** As damage() in audio_damage.py. */
    static byte[] damage(byte[] data, String kind, double share, int count) {
        int at = (int) (data.length * share);
        byte[] before = Arrays.copyOf(data, at);
        byte[] after = Arrays.copyOfRange(data, at, data.length);
        return switch (kind) {
            case "none" -> data;
            case "fill" -> join(before, filled(count, 0x55), Arrays.copyOfRange(after, count, after.length));
            case "insert" -> join(before, filled(count, 0xaa), after);
            case "remove" -> join(before, Arrays.copyOfRange(after, count, after.length));
            case "keep" -> before;
            case "drop" -> after;
            case "front" -> join(new byte[count], data);
            case "twice" -> join(data, data);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    static byte[] filled(int count, int value) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    static byte[] join(byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        byte[] all = new byte[length];
        int filled = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, filled, part.length);
            filled += part.length;
        }
        return all;
    }
}
