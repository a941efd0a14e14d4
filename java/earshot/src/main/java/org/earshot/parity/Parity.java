package org.earshot.parity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.earshot.weights.Weights;

/**
 * Compares what a backend computes with what PyTorch computed: runs the golden files of a model directory
 * (tools/reference/spec/models.md, "Golden files").
 */
public final class Parity {
    /**
     * Differences of log-mel values are judged in dB, not by their spread: what tools/reference/spec/features.md asks
     * for.
     */
    public static final double FEATURE_LIMIT_DECIBEL = 0.01;

    private static final String INPUT = "input.";
    private static final String OUTPUT = "output.";
    private static final String FEATURES_OUTPUT = OUTPUT + Network.FEATURES;
    private static final String PROBABILITIES_OUTPUT = OUTPUT + "probabilities";

    private Parity() {}

    /**
     * How far one output is from its golden values.
     *
     * @param golden the golden file
     * @param output the tensor's name in it, such as {@code output.logits}
     * @param largest largest absolute difference; NaN if either side is not finite where the other is
     * @param mean mean absolute difference
     * @param spread standard deviation of the golden values
     */
    public record Difference(Path golden, String output, double largest, double mean, double spread) {
        /**
         * The largest difference relative to the spread.
         *
         * @return largest / spread; infinite if a spread of zero meets a difference
         */
        public double relative() {
            return largest == 0 ? 0 : largest / spread;
        }

        /**
         * Whether the difference is small enough.
         *
         * @param tolerance relative to the spread; features are held to {@link #FEATURE_LIMIT_DECIBEL} instead
         * @return false also for NaN
         */
        public boolean within(double tolerance) {
            return output.equals(FEATURES_OUTPUT) ? largest <= FEATURE_LIMIT_DECIBEL : relative() <= tolerance;
        }
    }

    /**
     * The golden files of a model directory.
     *
     * @param directory the model directory
     * @return all {@code golden*.safetensors} in it, sorted by name
     * @throws ModelException if there is none
     */
    public static List<Path> goldens(Path directory) {
        List<Path> goldens;
        try (Stream<Path> files = Files.list(directory)) {
            goldens = files.filter(file -> file.getFileName().toString().matches("golden.*\\.safetensors"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (goldens.isEmpty()) {
            throw new ModelException(directory, "no golden*.safetensors", "at least one golden file");
        }
        return goldens;
    }

    /**
     * Runs one golden file.
     *
     * @param directory the model it belongs to
     * @param golden the golden file
     * @param network the model's network, prepared on the backend to check
     * @return one difference per output in the file; {@code output.probabilities} are those after score fusion
     * @throws WeightsException if the file lacks an input, or a tensor has a shape that does not fit
     */
    public static List<Difference> check(ModelDirectory directory, Path golden, PreparedNetwork network) {
        Weights tensors = Safetensors.read(golden);
        Map<String, float[]> feeds = new LinkedHashMap<>();
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, float[]> computed = new LinkedHashMap<>();
        feedFeatures(directory, tensors, feeds, shapes, computed);
        for (String name : List.of(Network.LOCATION, Network.TIME_FEATURES, Network.CONDITION)) {
            WeightTensor tensor = tensors.tensors().get(INPUT + name);
            if (tensor != null) {
                int batch = shapes.get(Network.FEATURES).extent(0);
                feeds.put(name, tensor.floats());
                shapes.put(name, Shape.of(batch, Math.toIntExact(tensor.shape().elements() / batch)));
            }
        }
        List<String> wanted = new ArrayList<>();
        for (String name : tensors.tensors().keySet()) {
            if (name.equals(PROBABILITIES_OUTPUT)) {
                wanted.add(Network.LOGITS);
                directory.model().coarse().ifPresent(coarse -> wanted.add(Network.COARSE_LOGITS));
            } else if (name.startsWith(OUTPUT) && !name.equals(FEATURES_OUTPUT)) {
                wanted.add(name.substring(OUTPUT.length()));
            }
        }
        try (NetworkSession session = network.open()) {
            session.plan(shapes, List.copyOf(new LinkedHashSet<>(wanted)));
            feeds.forEach(session::feed);
            session.run();
            for (String name : wanted) {
                float[] values = new float[Math.toIntExact(session.shape(name).elements())];
                session.fetch(name, values);
                computed.put(OUTPUT + name, values);
            }
        } catch (IllegalArgumentException e) {
            throw new WeightsException(golden, e.getMessage(), "inputs and outputs of this network", e);
        }
        if (tensors.tensors().containsKey(PROBABILITIES_OUTPUT)) {
            computed.put(PROBABILITIES_OUTPUT, probabilities(directory, computed));
        }
        List<Difference> differences = new ArrayList<>();
        computed.forEach((name, values) -> {
            WeightTensor expected = tensors.tensors().get(name);
            if (expected != null) {
                differences.add(difference(golden, name, values, expected.floats()));
            }
        });
        return differences;
    }

    /** Feeds the features as they are in the file, or computes them from its PCM. */
    private static void feedFeatures(
            ModelDirectory directory,
            Weights tensors,
            Map<String, float[]> feeds,
            Map<String, Shape> shapes,
            Map<String, float[]> computed) {
        FeatureParameters parameters = directory.config().features();
        WeightTensor features = tensors.tensors().get(INPUT + Network.FEATURES);
        if (features != null) {
            Shape shape = requireRank(tensors, INPUT + Network.FEATURES, 3);
            feeds.put(Network.FEATURES, features.floats());
            shapes.put(Network.FEATURES, Shape.of(shape.extent(0), shape.extent(1), shape.extent(2), 1));
            return;
        }
        Shape shape = requireRank(tensors, INPUT + "pcm", 2);
        requireRank(tensors, INPUT + "sample_rate", 1);
        long rate = tensors.tensors().get(INPUT + "sample_rate").longs()[0];
        if (rate != parameters.sampleRate()) {
            throw new WeightsException(
                    tensors.source() + ": " + INPUT + "sample_rate",
                    Long.toString(rate),
                    Integer.toString(parameters.sampleRate()));
        }
        float[] pcm = tensors.tensors().get(INPUT + "pcm").floats();
        LogMel logMel = new LogMel(parameters);
        LogMel.Scratch scratch = logMel.scratch();
        int samples = shape.extent(1);
        int frames = parameters.cutFrames(samples);
        int clip = frames * parameters.melBands();
        float[] values = new float[Math.multiplyExact(shape.extent(0), clip)];
        for (int i = 0; i < shape.extent(0); i++) {
            logMel.compute(pcm, i * samples, samples, values, i * clip, scratch);
        }
        feeds.put(Network.FEATURES, values);
        shapes.put(Network.FEATURES, Shape.of(shape.extent(0), frames, parameters.melBands(), 1));
        computed.put(FEATURES_OUTPUT, values);
    }

    /** The probabilities of all clips, after score fusion where there are two stages. */
    private static float[] probabilities(ModelDirectory directory, Map<String, float[]> computed) {
        float[] logits = computed.get(OUTPUT + Network.LOGITS);
        float[] coarse = computed.getOrDefault(OUTPUT + Network.COARSE_LOGITS, new float[0]);
        int width =
                directory.model().coarse().map(scenes -> scenes.labels().size()).orElse(0);
        int classes = directory.config().labels().size();
        float[] probabilities = new float[logits.length];
        for (int from = 0; from < logits.length; from += classes) {
            float[] clip = Arrays.copyOfRange(logits, from, from + classes);
            int first = from / classes * width;
            float[] coarseClip = Arrays.copyOfRange(coarse, first, first + width);
            float[] scores = directory.model().scores(clip, coarseClip).scenes();
            System.arraycopy(scores, 0, probabilities, from, classes);
        }
        return probabilities;
    }

    private static Shape requireRank(Weights tensors, String name, int rank) {
        WeightTensor tensor = tensors.tensors().get(name);
        if (tensor == null) {
            throw new WeightsException(tensors.source(), "no tensor " + name, "it in a golden file");
        }
        if (tensor.shape().rank() != rank || tensor.shape().elements() == 0) {
            throw new WeightsException(
                    tensors.source() + ": " + name, "shape " + tensor.shape(), rank + " dimensions, not empty");
        }
        return tensor.shape();
    }

    private static Difference difference(Path golden, String name, float[] actual, float[] expected) {
        if (actual.length != expected.length) {
            throw new WeightsException(
                    golden + ": " + name, expected.length + " values", actual.length + ", as the network makes");
        }
        if (expected.length == 0) {
            throw new WeightsException(golden + ": " + name, "no value", "at least one to compare with");
        }
        double sum = 0;
        double expectedSum = 0;
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            largest = Math.max(largest, difference); // keeps NaN
            sum += difference;
            expectedSum += expected[i];
        }
        double mean = expectedSum / expected.length;
        double squares = 0;
        for (float value : expected) {
            squares += (value - mean) * (value - mean);
        }
        double spread = Math.sqrt(squares / expected.length);
        return new Difference(golden, name, largest, sum / actual.length, spread);
    }
}
