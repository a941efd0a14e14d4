package org.earshot.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.earshot.ChildProcess;
import org.earshot.backend.choice.Backends;
import org.earshot.layer.Shape;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a session takes from the Java heap and from the system once it is warm. */
class SessionMemoryTest {
    private static final Path SMALL = Path.of("src/test/resources/golden/ascmamba-small");

    /** A session of the small model for clips of one frame, ready to run. */
    private static final class Warm implements AutoCloseable {
        private final PreparedNetwork network;
        private final NetworkSession session;
        private final String input;
        private final Map<String, Shape> feeds;
        private final List<String> outputs = List.of(Network.LOGITS);
        private final float[] values;
        private final float[] location = {3};
        private final float[] time = new float[8];
        private final float[] logits = new float[10];

        Warm(String backend, String input) {
            this.input = input;
            Shape shape = input.equals(Network.PCM) ? Shape.of(1, 881, 1, 1) : Shape.of(1, 1, 64, 1);
            values = new float[(int) shape.elements()];
            feeds = Map.of(input, shape, Network.LOCATION, Shape.of(1, 1), Network.TIME_FEATURES, Shape.of(1, 8));
            ModelDirectory directory = ModelDirectory.read(SMALL, null, KeyMap.identity());
            network = new PreparedNetwork(
                    directory.model().network(),
                    Backends.start(backend, 1),
                    directory.config().features());
            session = network.open();
        }

        void run() {
            session.plan(feeds, outputs);
            session.feed(input, values);
            session.feed(Network.LOCATION, location);
            session.feed(Network.TIME_FEATURES, time);
            session.run();
            session.fetch(Network.LOGITS, logits);
        }

        @Override
        public void close() {
            session.close();
            network.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"cpu, features", "cpu, pcm", "portable, features", "portable, pcm"})
    void aCallTakesLessThanTwoKibibytesOfHeap(String backend, String input) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        try (Warm warm = new Warm(backend, input)) {
            for (int i = 0; i < 2_000; i++) {
                warm.run();
            }
            int calls = 1_000;
            long before = threads.getThreadAllocatedBytes(thread);
            for (int i = 0; i < calls; i++) {
                warm.run();
            }
            long each = (threads.getThreadAllocatedBytes(thread) - before) / calls;
            assertTrue(each < 2048, each + " bytes a call");
        }
    }

    /**
     * What a session says that it will take is what the process grows by, of a batch so large that nothing else counts.
     * Some of what is reserved is never touched: a fifth is allowed for that, and for what the JVM does meanwhile.
     */
    @Test
    void aSessionTakesWhatItSays() throws IOException {
        ModelDirectory directory = ModelDirectory.read(SMALL, null, KeyMap.identity());
        int batch = 32;
        Map<String, Shape> feeds = Map.of(
                Network.FEATURES,
                Shape.of(batch, 500, 64, 1),
                Network.LOCATION,
                Shape.of(batch, 1),
                Network.TIME_FEATURES,
                Shape.of(batch, 8));
        Map<String, float[]> values = new HashMap<>();
        feeds.forEach((name, shape) -> values.put(name, new float[(int) shape.elements()]));
        try (PreparedNetwork network = new PreparedNetwork(directory.model().network(), Backends.start("cpu", 1));
                NetworkSession session = network.open()) {
            long said = session.workspaceFloats(feeds, List.of(Network.LOGITS)) * Float.BYTES;
            long before = ManyClips.resident();
            session.plan(feeds, List.of(Network.LOGITS));
            session.feed(values);
            session.run();
            long taken = (ManyClips.resident() - before) * 1024;
            assertEquals((double) said, (double) taken, 0.2 * said);
        }
    }

    /**
     * Another process with a fixed, touched heap, so that only native memory can grow. Bound: 64 bytes, the smallest
     * block malloc keeps apart with its header on a cache line, leaked by one call in four would show. The long form,
     * 100,000 clips: {@code mvn -pl java/earshot test -Dtest=SessionMemoryTest -Dearshot.test.clips=100000}.
     */
    @Test
    void manyClipsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
        int calls = Integer.getInteger("earshot.test.clips", 20_000);
        List<String> command = ChildProcess.jvm(
                List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                ManyClips.class,
                Integer.toString(calls));
        long grown = Long.parseLong(ChildProcess.run(command).output().strip());
        assertTrue(grown < calls / 4 * 64 / 1024, "grown by " + grown + " KiB");
    }

    /** The other process: prints by how many KiB the resident memory grew. */
    static final class ManyClips {
        private ManyClips() {}

        public static void main(String[] arguments) throws IOException {
            int calls = Integer.parseInt(arguments[0]);
            try (Warm warm = new Warm("cpu", Network.PCM)) {
                for (int i = 0; i < calls / 4; i++) {
                    warm.run();
                }
                long before = resident();
                for (int i = 0; i < calls; i++) {
                    warm.run();
                }
                System.out.println(resident() - before);
            }
        }

        private static long resident() throws IOException {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }
}
