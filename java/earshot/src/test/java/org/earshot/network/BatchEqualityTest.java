package org.earshot.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.earshot.backend.Backend;
import org.earshot.backend.CudaKernels;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a clip is answered does not depend on the clips beside it in a batch, nor on how many there are. */
class BatchEqualityTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final int FRAMES = 40;
    /** A device's kernels take seconds for more on the CPU. */
    private static final int FEW_FRAMES = 12;

    /** What two results may differ by that both agree with PyTorch to 1e-4 of the output's standard deviation. */
    private static final double WITHIN_AGREEMENT = 2e-4;

    static Stream<Arguments> networksAndBackends() {
        return Stream.of("ascmamba-small", "ascmamba-unconditioned", "se-trans-two-stage", "mobile-asc-net-gated")
                .flatMap(model -> Stream.of("portable", "cpu").map(backend -> Arguments.of(model, backend)));
    }

    /** One clip's values, by name. */
    private static Map<String, float[]> clip(ModelDirectory directory, String input, int frames, int seed) {
        FeatureParameters features = directory.config().features();
        Random random = new Random(seed);
        Map<String, float[]> clip = new HashMap<>();
        boolean pcm = input.equals(Network.PCM);
        float[] values = new float[frames * (pcm ? features.hopLength() : features.melBands())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (pcm ? 0.1 * random.nextGaussian() : -40 + 10 * random.nextGaussian());
        }
        clip.put(input, values);
        for (String name : directory.model().contextInputs()) {
            boolean location = name.equals(Network.LOCATION);
            float[] context = new float[location ? 1 : ContextEncoder.TIME_FEATURES];
            for (int i = 0; i < context.length; i++) {
                context[i] = location ? seed % 2 : random.nextFloat();
            }
            clip.put(name, context);
        }
        return clip;
    }

    private static Shape shape(ModelDirectory directory, String name, int batch, int length) {
        return switch (name) {
            case Network.PCM -> Shape.of(batch, length, 1, 1);
            case Network.FEATURES -> {
                int bands = directory.config().features().melBands();
                yield Shape.of(batch, length / bands, bands, 1);
            }
            default -> Shape.of(batch, length);
        };
    }

    /** Logits and embeddings, one clip behind another. */
    private static float[] run(NetworkSession session, ModelDirectory directory, List<Map<String, float[]>> clips) {
        Map<String, Shape> shapes = new HashMap<>();
        Map<String, float[]> fed = new HashMap<>();
        for (String name : clips.get(0).keySet()) {
            int length = clips.get(0).get(name).length;
            float[] all = new float[clips.size() * length];
            for (int i = 0; i < clips.size(); i++) {
                System.arraycopy(clips.get(i).get(name), 0, all, i * length, length);
            }
            shapes.put(name, shape(directory, name, clips.size(), length));
            fed.put(name, all);
        }
        session.plan(shapes, List.of(Network.LOGITS, Network.EMBEDDING));
        session.feed(fed);
        session.run();
        float[] logits = new float[(int) session.shape(Network.LOGITS).elements()];
        float[] embedding = new float[(int) session.shape(Network.EMBEDDING).elements()];
        session.fetch(Network.LOGITS, logits);
        session.fetch(Network.EMBEDDING, embedding);
        float[] answers = new float[logits.length + embedding.length];
        int classes = logits.length / clips.size();
        int width = embedding.length / clips.size();
        for (int i = 0; i < clips.size(); i++) {
            System.arraycopy(logits, i * classes, answers, i * (classes + width), classes);
            System.arraycopy(embedding, i * width, answers, i * (classes + width) + classes, width);
        }
        return answers;
    }

    private static List<Map<String, float[]>> clips(ModelDirectory directory, String input, int frames, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> clip(directory, input, frames, i))
                .toList();
    }

    private static PreparedNetwork prepare(ModelDirectory directory, Backend backend) {
        return new PreparedNetwork(
                directory.model().network(), backend, directory.config().features());
    }

    /** To the last bit. */
    @ParameterizedTest
    @MethodSource("networksAndBackends")
    void onAProcessor(String model, String name) {
        ModelDirectory directory = ModelDirectory.read(GOLDEN.resolve(model), null, KeyMap.identity());
        int most = 7;
        try (PreparedNetwork network = prepare(directory, Backends.start(name, 2));
                NetworkSession session = network.open()) {
            for (String input : List.of(Network.PCM, Network.FEATURES)) {
                List<Map<String, float[]>> clips = clips(directory, input, FRAMES, most);
                List<float[]> alone = clips.stream()
                        .map(clip -> run(session, directory, List.of(clip)))
                        .toList();
                for (int batch = 2; batch <= most; batch++) {
                    float[] together = run(session, directory, clips.subList(0, batch));
                    int length = together.length / batch;
                    for (int i = 0; i < batch; i++) {
                        float[] own = Arrays.copyOfRange(together, i * length, (i + 1) * length);
                        assertArrayEquals(alone.get(i), own, model + " on " + name + ": clip " + i + " of " + batch);
                    }
                }
            }
        }
    }

    /** Within what both agree with PyTorch: kernels are chosen by the number of rows. */
    @Test
    void onADevice() {
        ModelDirectory directory = ModelDirectory.read(GOLDEN.resolve("ascmamba-small"), null, KeyMap.identity());
        try (PreparedNetwork network = prepare(directory, CudaKernels.start(Precision.FLOAT32));
                NetworkSession session = network.open()) {
            List<Map<String, float[]>> clips = clips(directory, Network.FEATURES, FEW_FRAMES, 2);
            float[] together = run(session, directory, clips);
            int length = together.length / clips.size();
            for (int i = 0; i < clips.size(); i++) {
                float[] alone = run(session, directory, clips.subList(i, i + 1));
                double bound = WITHIN_AGREEMENT * deviation(alone);
                for (int k = 0; k < length; k++) {
                    assertEquals(alone[k], together[i * length + k], bound, "clip " + i + ", value " + k);
                }
            }
        }
    }

    private static double deviation(float[] values) {
        double mean = 0;
        for (float value : values) {
            mean += value / values.length;
        }
        double square = 0;
        for (float value : values) {
            square += (value - mean) * (value - mean) / values.length;
        }
        return Math.sqrt(square);
    }
}
