package org.earshot.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.earshot.backend.Backend;
import org.earshot.backend.CudaKernels;
import org.earshot.backend.Execution;
import org.earshot.backend.Memory;
import org.earshot.backend.Operation;
import org.earshot.backend.Precision;
import org.earshot.backend.View;
import org.earshot.backend.choice.Backends;
import org.earshot.error.BackendException;
import org.earshot.error.DeviceException;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every network with batches up to those that no machine holds: what fits is planned, what does not is a typed error.
 */
class BatchSizesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    static Stream<Arguments> networksAndBackends() {
        return Stream.of("ascmamba-small", "ascmamba-unconditioned", "se-trans-two-stage", "mobile-asc-net-gated")
                .flatMap(model -> Stream.of("portable", "cpu", "cuda").map(backend -> Arguments.of(model, backend)));
    }

    private static Backend start(String name) {
        return name.equals("cuda") ? CudaKernels.start(Precision.FLOAT32) : Backends.start(name, 1);
    }

    /**
     * An execution that hands out memory of any size, which nothing may touch: what is planned, is what is looked at.
     */
    private static Execution boundless(Execution real, List<Long> asked) {
        return (Execution) Proxy.newProxyInstance(
                BatchSizesTest.class.getClassLoader(), new Class<?>[] {Execution.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("allocate")) {
                        asked.add((Long) arguments[0]);
                        return untouched((Long) arguments[0]);
                    }
                    return method.invoke(real, arguments);
                });
    }

    private static Memory untouched(long floats) {
        return new Memory() {
            @Override
            public long floats() {
                return floats;
            }

            @Override
            public void close() {
                // There is nothing.
            }
        };
    }

    /** The shapes of a run from features, or from samples. */
    private static Map<String, Shape> feeds(ModelDirectory directory, String input, int batch) {
        FeatureParameters features = directory.config().features();
        Map<String, Shape> feeds = new HashMap<>();
        feeds.put(
                input,
                input.equals(Network.PCM)
                        ? Shape.of(batch, features.windowSamples(), 1, 1)
                        : Shape.of(batch, features.frames(), features.melBands(), 1));
        for (String name : directory.model().contextInputs()) {
            feeds.put(name, Shape.of(batch, name.equals(Network.LOCATION) ? 1 : ContextEncoder.TIME_FEATURES));
        }
        return feeds;
    }

    /**
     * Whatever the batch, a plan is made: its sizes are counted in 64 bits, and each value lies inside the arena
     * without meeting one that lives at the same time (which binding would refuse).
     */
    @ParameterizedTest
    @MethodSource("networksAndBackends")
    void sizesOfAnyBatchAreCounted(String model, String name) {
        ModelDirectory directory = ModelDirectory.read(GOLDEN.resolve(model), null, KeyMap.identity());
        Backend backend = start(name);
        try (PreparedNetwork network = new PreparedNetwork(
                        directory.model().network(), backend, directory.config().features());
                Execution real = backend.open()) {
            for (String input : List.of(Network.PCM, Network.FEATURES)) {
                // What is fed is not made.
                List<PreparedNetwork.Node> nodes = network.nodes().stream()
                        .filter(node -> !node.name().equals(input))
                        .toList();
                long before = 0;
                for (int batch : new int[] {1, 32, 33, 64, 65, 256, 4096, 65535, 65536, 1 << 24, Integer.MAX_VALUE}) {
                    List<Long> asked = new ArrayList<>();
                    Workspace workspace = new Workspace(
                            feeds(directory, input, batch),
                            List.of(Network.LOGITS, Network.EMBEDDING),
                            nodes,
                            boundless(real, asked));
                    Map<String, View> views = workspace.views(untouched(workspace.floats()));
                    long inputs = views.get(input).shape().elements();
                    assertTrue(workspace.floats() > inputs, model + ", batch " + batch + ": " + workspace.floats());
                    assertTrue(workspace.floats() > before, model + ", batch " + batch + ": " + workspace.floats());
                    assertEquals(batch, views.get(Network.LOGITS).shape().extent(0));
                    before = workspace.floats();
                }
            }
        }
    }

    /** Beyond the memory there is, on which the next, smaller run still finds room. */
    @ParameterizedTest
    @MethodSource("networksAndBackends")
    void aBatchThatMemoryDoesNotHoldIsATypedError(String model, String name) {
        ModelDirectory directory = ModelDirectory.read(GOLDEN.resolve(model), null, KeyMap.identity());
        try (PreparedNetwork network = new PreparedNetwork(directory.model().network(), start(name));
                NetworkSession session = network.open()) {
            for (int batch : new int[] {1 << 22, Integer.MAX_VALUE}) {
                Map<String, Shape> feeds = feeds(directory, Network.FEATURES, batch);
                BackendException e = assertThrows(
                        BackendException.class, () -> session.plan(feeds, List.of(Network.LOGITS)), "batch " + batch);
                if (name.equals("cuda")) {
                    assertEquals(DeviceException.Reason.OUT_OF_MEMORY, ((DeviceException) e).reason());
                    assertTrue(
                            e.getMessage().matches("cuda: found .* needed.*expected room on the device.*"),
                            e.getMessage());
                    assertTrue(
                            batch == Integer.MAX_VALUE || e.getMessage().contains("free of the device's"),
                            e.getMessage());
                }
            }
            FeatureParameters features = directory.config().features();
            int frames = directory.model().minimumFrames();
            Map<String, Shape> small = feeds(directory, Network.FEATURES, 1);
            small.put(Network.FEATURES, Shape.of(1, frames, features.melBands(), 1));
            session.plan(small, List.of(Network.LOGITS));
            Map<String, float[]> values = new HashMap<>();
            small.forEach((value, shape) -> values.put(value, new float[(int) shape.elements()]));
            session.feed(values);
            session.run();
            float[] logits = new float[(int) session.shape(Network.LOGITS).elements()];
            session.fetch(Network.LOGITS, logits);
            for (float logit : logits) {
                assertTrue(Float.isFinite(logit));
            }
        }
    }

    /** Scratch memory of more floats than an int counts reaches an operation whole. */
    @Test
    void scratchMemoryMayBeLargerThanAnIntCounts() {
        for (long floats : new long[] {0, 1, Integer.MAX_VALUE, Integer.MAX_VALUE + 1L, 5_000_000_001L, 1L << 45}) {
            long room = Shape.withRoomFor(floats).elements();
            assertTrue(room >= floats && room - floats < 1 << 20, floats + ": " + room);
            assertTrue(floats > Integer.MAX_VALUE || room == floats, floats + ": " + room);
        }
        assertThrows(IllegalArgumentException.class, () -> Shape.withRoomFor(-1));
        assertThrows(IllegalArgumentException.class, () -> Shape.withRoomFor(Long.MAX_VALUE));
    }

    @Test
    void sizesBeyond64BitsAreRefused() {
        Operation endless = (Operation) Proxy.newProxyInstance(
                BatchSizesTest.class.getClassLoader(),
                new Class<?>[] {Operation.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "outputShape" -> Shape.of(Integer.MAX_VALUE, Integer.MAX_VALUE);
                    case "scratch" -> 1L;
                    default -> null;
                });
        List<PreparedNetwork.Node> nodes = new ArrayList<>();
        String from = "x";
        for (int i = 0; i < 4; i++) {
            nodes.add(new PreparedNetwork.Node("y" + i, endless, List.of(from)));
            from = "y" + i;
        }
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new Workspace(Map.of("x", Shape.of(1)), List.of("y0", "y1", "y2", "y3"), nodes, null));
        assertTrue(e.getMessage().contains("more values than can be counted"), e.getMessage());
    }
}
