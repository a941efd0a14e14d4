package org.earshot.parity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.earshot.architecture.ModuleOutput.Follow;
import org.earshot.backend.Backend;
import org.earshot.features.FeatureParameters;
import org.earshot.features.MelFilterBank;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.parity.OtherFrontEnd.Deviation;
import org.earshot.weights.WeightTensor;

/**
 * Features, from samples on, beside the reference's: in dB, within what tools/reference/spec/features.md asks for. From
 * samples at another rate, where the resamplers differ, that is a mean over the bands below 20 kHz.
 */
final class FrontEndCheck {
    private static final double HIGHEST_HERTZ = 20_000;

    private final FeatureParameters parameters;
    private final Golden golden;

    FrontEndCheck(FeatureParameters parameters, Golden golden) {
        this.parameters = parameters;
        this.golden = golden;
    }

    /** Compares what the file holds of them. */
    List<Comparison> run(NetworkValues values, Backend backend, Map<String, Feed> feeds, Shape shape, boolean guesses) {
        List<Comparison> comparisons = new ArrayList<>();
        if (golden.expected().contains(Golden.PCM_OUTPUT)) {
            Comparison comparison = samples(feeds.get(Network.PCM).grid());
            comparisons.add(guesses && !comparison.passes() ? comparison.guessed(resampler(comparison)) : comparison);
        }
        if (golden.expected().contains(Golden.FEATURES_OUTPUT)) {
            Grid computed =
                    values.compute(backend, feeds, List.of(Network.FEATURES)).get(Network.FEATURES);
            Comparison comparison = comparison(Golden.FEATURES_OUTPUT, Network.FEATURES, expected(shape), computed);
            comparisons.add(
                    guesses && !comparison.passes() ? comparison.guessed(guess(comparison.expected())) : comparison);
        }
        return comparisons;
    }

    /** Notes on where features differ most: by band and by frame. */
    static List<String> notes(Comparison features, FeatureParameters parameters) {
        MelFilterBank bank = new MelFilterBank(parameters);
        double[] bands = features.perBand();
        double[] frames = features.perFrame();
        int band = largest(bands);
        int frame = largest(frames);
        return List.of(String.format(
                Locale.ROOT,
                "%s: most in band %d (%.0f Hz), %.4f dB on average, and in frame %d, %.4f dB on average",
                features.name(),
                band,
                bank.centre(band),
                bands[band],
                frame,
                frames[frame]));
    }

    private static int largest(double... values) {
        int largest = 0;
        for (int i = 0; i < values.length; i++) {
            largest = values[i] > values[largest] ? i : largest;
        }
        return largest;
    }

    private boolean resampled() {
        return golden.rate() != parameters.sampleRate();
    }

    private Comparison samples(Grid computed) {
        WeightTensor tensor = golden.tensor(Golden.PCM_OUTPUT);
        int[] extents = {computed.clips(), computed.frames(), 1, 1};
        Grid expected = Layouts.read(
                        golden.subject(Golden.PCM_OUTPUT),
                        tensor.shape(),
                        tensor.floats(),
                        List.of("BT"),
                        Follow.NOTHING,
                        extents)
                .grid();
        return new Comparison(
                Golden.PCM_OUTPUT,
                Network.PCM,
                List.of(Network.PCM),
                Difference.of(expected, computed),
                Comparison.Measure.RELATIVE_MEAN,
                Parity.SAMPLE_LIMIT,
                0,
                "",
                expected,
                computed);
    }

    private Comparison comparison(String name, String node, Grid expected, Grid computed) {
        int bands = resampled() ? lowBands() : computed.bands();
        Difference difference = Difference.of(low(expected, bands), low(computed, bands));
        return new Comparison(
                name,
                node,
                List.of(node),
                difference,
                resampled() ? Comparison.Measure.MEAN : Comparison.Measure.LARGEST,
                resampled() ? Parity.RESAMPLED_LIMIT_DECIBEL : Parity.FEATURE_LIMIT_DECIBEL,
                0,
                "",
                expected,
                computed);
    }

    private static Grid low(Grid x, int bands) {
        return x.made(x.frames(), bands, x.channels(), x::at);
    }

    private int lowBands() {
        MelFilterBank bank = new MelFilterBank(parameters);
        int bands = 1;
        while (bands < bank.bands() && bank.centre(bands) < HIGHEST_HERTZ) {
            bands++;
        }
        return bands;
    }

    private Grid expected(Shape computed) {
        WeightTensor tensor = golden.tensor(Golden.FEATURES_OUTPUT);
        int[] extents = {computed.extent(0), computed.extent(1), computed.extent(2), 1};
        return Layouts.read(
                        golden.subject(Golden.FEATURES_OUTPUT),
                        tensor.shape(),
                        tensor.floats(),
                        List.of("BTF", "BFT"),
                        Follow.NOTHING,
                        extents)
                .grid();
    }

    /** What another front end would have to do otherwise to make such features. */
    private String guess(Grid expected) {
        String best = "";
        double nearest = resampled() ? Parity.RESAMPLED_LIMIT_DECIBEL : Parity.FEATURE_LIMIT_DECIBEL;
        float[] pcm = golden.pcm(parameters.sampleRate());
        for (Deviation deviation : Deviation.values()) {
            Grid computed = new OtherFrontEnd(parameters, EnumSet.of(deviation)).compute(pcm, expected.clips());
            double distance = distance(expected, computed);
            if (distance <= nearest) {
                nearest = distance / 2; // Of two that explain as much, the first.
                best = deviation.text();
            }
        }
        for (Resampler resampler : resampled() ? Resampler.values() : new Resampler[0]) {
            float[] made = resampled(resampler, expected.clips());
            OtherFrontEnd same = new OtherFrontEnd(parameters, EnumSet.noneOf(Deviation.class));
            double distance = distance(expected, same.compute(made, expected.clips()));
            if (distance <= nearest) {
                nearest = distance / 2;
                best = resampler.text;
            }
        }
        return best.isEmpty() ? "" : "the reference's features come out with " + best;
    }

    private double distance(Grid expected, Grid computed) {
        if (computed.values().length != expected.values().length) {
            return Double.POSITIVE_INFINITY;
        }
        Comparison comparison = comparison("", "", expected, computed);
        return comparison.measured();
    }

    /** The resampler that makes such samples. */
    private String resampler(Comparison samples) {
        Grid expected = samples.expected();
        for (Resampler resampler : Resampler.values()) {
            float[] made = resampled(resampler, expected.clips());
            if (made.length == expected.values().length
                    && samples(new Grid(expected.clips(), expected.frames(), 1, 1, made))
                            .passes()) {
                return "the reference's samples come out with " + resampler.text;
            }
        }
        return "";
    }

    private float[] resampled(Resampler resampler, int clips) {
        float[] recorded = golden.pcm(golden.rate());
        int samples = recorded.length / clips;
        float[] all = new float[0];
        for (int b = 0; b < clips; b++) {
            float[] clip = Arrays.copyOfRange(recorded, b * samples, (b + 1) * samples);
            float[] made = resampler == Resampler.POLYPHASE
                    ? OtherResamplers.polyphase(clip, golden.rate(), parameters.sampleRate())
                    : OtherResamplers.linear(clip, golden.rate(), parameters.sampleRate());
            if (b == 0) {
                all = new float[clips * made.length];
            }
            System.arraycopy(made, 0, all, b * made.length, made.length);
        }
        return all;
    }

    /** What may have been taken in place of soxr. */
    private enum Resampler {
        POLYPHASE("another resampler: SciPy's polyphase filter (res_type=\"polyphase\"), not soxr"),
        LINEAR("another resampler: straight lines between samples, not soxr");

        private final String text;

        Resampler(String text) {
            this.text = text;
        }
    }
}
