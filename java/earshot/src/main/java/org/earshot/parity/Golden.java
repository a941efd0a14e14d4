package org.earshot.parity;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.audio.Resampler;
import org.earshot.error.WeightsException;
import org.earshot.features.FeatureParameters;
import org.earshot.files.Quoted;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/** A golden file (tools/reference/spec/golden-files.md). */
final class Golden {
    /** What a golden file says its version under. */
    static final String VERSION_KEY = "earshot.golden";

    static final String INPUT = "input.";
    static final String OUTPUT = "output.";
    static final String MODULE = "module.";
    static final String FEATURES_OUTPUT = OUTPUT + Network.FEATURES;
    static final String PCM_OUTPUT = OUTPUT + Network.PCM;
    static final String PROBABILITIES_OUTPUT = OUTPUT + "probabilities";

    private static final int NEWEST = 2;
    private static final String RATE = INPUT + "sample_rate";

    private final Path path;
    private final Weights tensors;

    private Golden(Path path, Weights tensors) {
        this.path = path;
        this.tensors = tensors;
    }

    /** Opens a file. */
    static Golden read(Path path) {
        String version = Safetensors.metadata(path).getOrDefault(VERSION_KEY, "1");
        if (!version.matches("[1-" + NEWEST + "]")) {
            throw new WeightsException(
                    path + ": " + VERSION_KEY,
                    "version " + Quoted.plain(version),
                    "1 to " + NEWEST + " (a newer Earshot may read it)");
        }
        return new Golden(path, Safetensors.read(path));
    }

    Path path() {
        return path;
    }

    /** A tensor's name with its file, for messages. */
    String subject(String name) {
        return path + ": " + Quoted.plain(name);
    }

    /** Names of all that is to be compared. */
    List<String> expected() {
        return tensors.tensors().keySet().stream()
                .filter(name -> name.startsWith(OUTPUT) || name.startsWith(MODULE))
                .toList();
    }

    /** A tensor, with at least one value. */
    WeightTensor tensor(String name) {
        WeightTensor tensor = tensors.tensors().get(name);
        if (tensor == null) {
            throw new WeightsException(path, "no tensor " + name, "it in a golden file");
        }
        if (tensor.shape().elements() == 0) {
            throw new WeightsException(subject(name), "no value", "at least one to compare with");
        }
        return tensor;
    }

    boolean beginsFromPcm() {
        return !tensors.tensors().containsKey(INPUT + Network.FEATURES);
    }

    /** What the network is fed: features, or samples at its rate; city and time or a condition. */
    Map<String, Feed> feeds(FeatureParameters parameters) {
        Map<String, Feed> feeds = new LinkedHashMap<>();
        int batch;
        if (beginsFromPcm()) {
            float[] pcm = pcm(parameters.sampleRate());
            batch = clips();
            feeds.put(Network.PCM, new Feed(Shape.of(batch, pcm.length / batch, 1, 1), pcm));
        } else {
            Shape shape = requireRank(INPUT + Network.FEATURES, 3);
            batch = shape.extent(0);
            feeds.put(
                    Network.FEATURES,
                    new Feed(
                            Shape.of(batch, shape.extent(1), shape.extent(2), 1),
                            tensor(INPUT + Network.FEATURES).floats()));
        }
        for (String name : List.of(Network.LOCATION, Network.TIME_FEATURES, Network.CONDITION)) {
            if (tensors.tensors().containsKey(INPUT + name)) {
                WeightTensor tensor = tensor(INPUT + name);
                if (tensor.shape().elements() % batch != 0) {
                    throw new WeightsException(
                            subject(INPUT + name), "shape " + tensor.shape(), "values of each of " + batch + " clips");
                }
                int width = Math.toIntExact(tensor.shape().elements() / batch);
                feeds.put(name, new Feed(Shape.of(batch, width), tensor.floats()));
            }
        }
        return feeds;
    }

    /** The rate of the samples in the file, Hz. */
    int rate() {
        WeightTensor tensor = tensor(RATE);
        if (!tensor.type().integral() || !tensor.shape().equals(Shape.of(1))) {
            throw new WeightsException(
                    subject(RATE),
                    tensor.type() + " " + tensor.shape(),
                    "one whole number of Hz, I64 [1] (torch.tensor([44100]))");
        }
        long rate = tensor.longs()[0];
        if (rate < 1 || rate > Integer.MAX_VALUE) {
            throw new WeightsException(subject(RATE), rate + " Hz", "a positive rate below 2^31 Hz");
        }
        return (int) rate;
    }

    private int clips() {
        if (!tensors.tensors().containsKey(INPUT + Network.PCM)) {
            throw new WeightsException(
                    path,
                    "neither " + INPUT + Network.FEATURES + " nor " + INPUT + Network.PCM,
                    "one of them in a golden file");
        }
        return requireRank(INPUT + Network.PCM, 2).extent(0);
    }

    /** The clips' samples at a rate, one clip behind the other. */
    float[] pcm(int rate) {
        int clips = clips();
        float[] pcm = tensor(INPUT + Network.PCM).floats();
        int samples = pcm.length / clips;
        float[] all = null;
        int length = 0;
        for (int i = 0; i < clips; i++) {
            float[] clip = Arrays.copyOfRange(pcm, i * samples, (i + 1) * samples);
            float[] resampled = Resampler.resample(clip, subject(INPUT + Network.PCM), rate(), rate);
            if (all == null) {
                length = resampled.length;
                all = new float[Math.multiplyExact(clips, length)];
            }
            System.arraycopy(resampled, 0, all, i * length, length);
        }
        return all;
    }

    private Shape requireRank(String name, int rank) {
        Shape shape = tensor(name).shape();
        if (shape.rank() != rank) {
            throw new WeightsException(subject(name), "shape " + shape, rank + " dimensions, not empty");
        }
        return shape;
    }
}
