package org.earshot.server.service;

import java.time.Duration;
import java.util.Arrays;
import org.earshot.audio.MonoReader;
import org.earshot.audio.Samples;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;

/**
 * The log-mel features of a recording as a picture for people: as few columns as are wanted, each the mean of the
 * frames that it stands for, from the loudest value down to the floor of the model's features.
 *
 * @param duration of the recording
 * @param columns from left to right in time
 * @param bands from bottom to top in frequency
 * @param levels {@code [columns, bands]}, 0 for the floor to 255 for the loudest value
 */
@SuppressWarnings("ArrayRecordComponent") // Not compared.
public record Spectrogram(Duration duration, int columns, int bands, byte[] levels) {
    private static final int WHITE = 255;

    /**
     * Computes the picture, in memory that does not depend on the recording's length.
     *
     * @param recording which one
     * @param features how sound becomes features
     * @param most columns, an even number
     * @return the picture
     * @throws org.earshot.error.AudioException if the recording cannot be read
     */
    public static Spectrogram of(Recording recording, FeatureParameters features, int most) {
        LogMel logMel = new LogMel(features);
        LogMel.Scratch scratch = logMel.scratch();
        int bands = features.melBands();
        // A window at a time: what is below the floor of one may be above that of another, which a picture bears.
        float[] pcm = new float[features.windowSamples()];
        float[] values = new float[features.frames() * bands];
        Columns columns = new Columns(most, bands);
        long samples = 0;
        try (MonoReader reader = MonoReader.of(recording.opening().get(), recording.name(), features.sampleRate())) {
            for (int read = reader.read(pcm, 0, pcm.length); read > 0; read = reader.read(pcm, 0, pcm.length)) {
                samples += read;
                int frames = features.cutFrames(read);
                if (frames > 0) {
                    logMel.compute(pcm, 0, read, values, 0, scratch);
                }
                for (int frame = 0; frame < frames; frame++) {
                    columns.add(values, frame * bands);
                }
            }
        }
        return new Spectrogram(
                Samples.duration(samples, features.sampleRate()), columns.count(), bands, columns.levels((float)
                        features.topDecibel()));
    }

    /** Columns of ever more frames each, as the recording turns out to be longer. */
    private static final class Columns {
        private final int most;
        private final int bands;
        private final float[] sums;
        private int filled;
        /** Frames that a column stands for. */
        private int width = 1;
        /** Frames in the last column so far. */
        private int last;

        Columns(int most, int bands) {
            this.most = most;
            this.bands = bands;
            sums = new float[most * bands];
        }

        void add(float[] values, int offset) {
            if (filled == most && last == width) {
                halve();
            }
            if (filled == 0 || last == width) {
                filled++;
                last = 0;
            }
            int column = (filled - 1) * bands;
            for (int band = 0; band < bands; band++) {
                sums[column + band] += values[offset + band];
            }
            last++;
        }

        private void halve() {
            filled /= 2;
            width *= 2;
            last = width;
            for (int column = 0; column < filled; column++) {
                for (int band = 0; band < bands; band++) {
                    sums[column * bands + band] =
                            sums[2 * column * bands + band] + sums[(2 * column + 1) * bands + band];
                }
            }
            Arrays.fill(sums, filled * bands, sums.length, 0);
        }

        int count() {
            return filled;
        }

        byte[] levels(float topDecibel) {
            float[] means = new float[filled * bands];
            float loudest = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < means.length; i++) {
                means[i] = sums[i] / (i / bands == filled - 1 ? last : width);
                loudest = Math.max(loudest, means[i]);
            }
            byte[] levels = new byte[means.length];
            for (int i = 0; i < levels.length; i++) {
                float level = 1 + (means[i] - loudest) / topDecibel;
                levels[i] = (byte) Math.round(WHITE * Math.max(0, level));
            }
            return levels;
        }
    }
}
