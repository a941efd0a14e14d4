package org.earshot.report;

import java.nio.file.Path;
import java.util.Arrays;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.MonoReader;
import org.earshot.audio.Samples;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.features.MelFilterBank;

/**
 * The log-mel of a whole recording, of any length, in as many columns as a picture has: neighbouring frames are
 * averaged. Memory does not depend on the recording's length.
 */
public final class RecordingSpectrogram {
    /** Columns at most; there are at least half as many of a recording that has the frames. */
    private static final int MOST = 2048;

    private final FeatureParameters parameters;
    private final MelFilterBank filters;
    private final float[] values;
    private final int columns;
    private final long samples;

    private RecordingSpectrogram(FeatureParameters parameters, float[] values, long samples) {
        this.parameters = parameters;
        this.values = values;
        this.samples = samples;
        columns = values.length / parameters.melBands();
        filters = new MelFilterBank(parameters);
    }

    /**
     * Computes it. The recording is cut into clips for that, at whose ends a frame sees no further, as in a file of
     * that clip alone.
     *
     * @param recording the file
     * @param parameters of the front end, whose clamp is set by the loudest value of the whole recording
     * @param limits bounds that the file is read in
     * @return the spectrogram
     * @throws AudioException if the file cannot be read, or is empty
     */
    public static RecordingSpectrogram read(Path recording, FeatureParameters parameters, AudioLimits limits) {
        LogMel logMel = new LogMel(parameters);
        LogMel.Scratch scratch = logMel.scratch();
        float[] pcm = new float[parameters.windowSamples()];
        float[] frames = new float[parameters.frames() * parameters.melBands()];
        Columns columns = new Columns(parameters.melBands());
        long samples = 0;
        try (MonoReader reader = MonoReader.open(recording, parameters.sampleRate(), limits)) {
            for (int read = reader.read(pcm, 0, pcm.length); read > 0; read = reader.read(pcm, 0, pcm.length)) {
                samples += read;
                columns.add(frames, logMel.compute(pcm, 0, read, frames, 0, scratch));
            }
        }
        if (samples == 0) {
            throw new AudioException(
                    AudioException.Reason.FORMAT, recording, "no samples", "a recording that is not empty");
        }
        return new RecordingSpectrogram(parameters, columns.means(parameters.topDecibel()), samples);
    }

    /** Sums of frames, so many to a column; that number doubles when the columns are full. */
    private static final class Columns {
        private final int bands;
        private final double[] sums;
        private int full;
        private int inLast;
        private int merged = 1;
        private float loudest = Float.NEGATIVE_INFINITY;

        Columns(int bands) {
            this.bands = bands;
            sums = new double[MOST * bands];
        }

        void add(float[] frames, int count) {
            for (int frame = 0; frame < count; frame++) {
                for (int band = 0; band < bands; band++) {
                    float value = frames[frame * bands + band];
                    sums[full * bands + band] += value;
                    loudest = Math.max(loudest, value);
                }
                inLast++;
                if (inLast == merged) {
                    inLast = 0;
                    full++;
                    if (full == MOST) {
                        halve();
                    }
                }
            }
        }

        private void halve() {
            full = MOST / 2;
            merged *= 2;
            for (int column = 0; column < full; column++) {
                for (int band = 0; band < bands; band++) {
                    sums[column * bands + band] =
                            sums[2 * column * bands + band] + sums[(2 * column + 1) * bands + band];
                }
            }
            Arrays.fill(sums, full * bands, sums.length, 0);
        }

        float[] means(double topDecibel) {
            float clamp = (float) (loudest - topDecibel);
            float[] means = new float[(full + (inLast > 0 ? 1 : 0)) * bands];
            for (int i = 0; i < means.length; i++) {
                int frames = i / bands < full ? merged : inLast;
                means[i] = Math.max(clamp, (float) (sums[i] / frames));
            }
            return means;
        }
    }

    /** How long the recording is, in samples at the front end's rate. */
    long samples() {
        return samples;
    }

    /**
     * Whether the recording is longer than one clip of the front end, as classifiers cut it.
     *
     * @return true if it has several windows or a rest that none hears
     */
    public boolean isLongerThanAClip() {
        return samples >= parameters.windowSamples() + parameters.hopLength();
    }

    /** How long the recording is, in seconds. */
    double seconds() {
        return Samples.duration(samples, parameters.sampleRate()).toNanos() / 1e9;
    }

    /** The columns, {@code [columns(), bands()]}, dB. */
    float[] values() {
        return values;
    }

    int columns() {
        return columns;
    }

    int bands() {
        return parameters.melBands();
    }

    /** Where a band lies: its centre in Hz. */
    double frequency(int band) {
        return filters.centre(band);
    }
}
