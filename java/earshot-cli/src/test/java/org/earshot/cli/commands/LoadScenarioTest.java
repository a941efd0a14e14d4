package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.SceneClassifier;
import org.earshot.cli.CommandRun;
import org.earshot.cli.TestModels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bench --scenario} says whatever the machine, and that it counts who waits. */
class LoadScenarioTest {
    @TempDir
    Path temporary;

    private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        model = TestModels.quick(temporary.resolve("model"));
    }

    private CommandRun bench(Object... options) {
        List<Object> arguments =
                new ArrayList<>(List.of("bench", model, "--backend", "portable", "--duration", "1", "--threads", 1));
        arguments.addAll(Arrays.asList(options));
        return CommandRun.of(arguments.toArray());
    }

    private JsonNode json(Object... options) throws IOException {
        List<Object> all = new ArrayList<>(List.of("--json"));
        all.addAll(Arrays.asList(options));
        String line = bench(all.toArray()).done().out();
        JsonNode json = JsonMapper.builder().build().readTree(line);
        double before = 0;
        for (String percentile : List.of("median", "p90", "p99", "p999", "max")) {
            double value = json.get("latency_ms_" + percentile).asDouble();
            assertTrue(value > 0 && value >= before, line);
            before = value;
        }
        assertTrue(json.get("calls").asInt() > 0, line);
        return json;
    }

    @Test
    void oneCaller() throws IOException {
        JsonNode json = json("--scenario", "single");
        try (SceneClassifier classifier = SceneClassifier.load(model)) {
            assertEquals(classifier.modelDigest(), json.get("model_digest").textValue());
        }
        assertEquals(1, json.get("callers").asInt());
        assertTrue(json.get("library_digest").isNull(), "plain Java");
        // One call after another: the calls' times are all of the time, but for what is between them.
        double sum = json.get("calls").asInt() * json.get("latency_ms_mean").asDouble() / 1000;
        double seconds = json.get("seconds").asDouble();
        assertTrue(sum <= 1.001 * seconds && sum > 0.5 * seconds, json.toString());
        assertTrue(json.get("ready_ms").asDouble() > 0);
    }

    /** In three fifths of the time, an answer a hop from each stream, all at the pace of the sound. */
    @Test
    void streams() throws IOException {
        JsonNode json = json("--scenario", "streams", "--streams", 3, "--hop", 0.2);
        assertEquals(3, json.get("callers").asInt());
        assertEquals(3 * 3, json.get("calls").asInt());
        assertTrue(json.get("seconds").asDouble() >= 0.4 + 0.2 * 2 / 3, json.toString());
        assertTrue(json.get("sound_seconds_per_second").asDouble() > 0, json.toString());
        assertTrue(bench("--scenario", "streams", "--streams", 2).done().out().contains("sound served at most"));

        assertTrue(bench("--streams", 3).refusedInOneLine().contains("--streams and --hop go with"));
        assertTrue(bench("--scenario", "streams", "--hop", "NaN")
                .refusedInOneLine()
                .contains("--hop: found NaN"));
        assertTrue(
                bench("--scenario", "streams", "--hop", 100).refusedInOneLine().contains("--hop: window hop PT1M40S"));
    }

    /** Four callers of one session: each waits for the three others. */
    @Test
    void severalCallers() throws IOException {
        JsonNode json = json("--scenario", "multi", "--concurrency", 4);
        assertEquals(4, json.get("callers").asInt());
        assertEquals(1, json.get("sessions").asInt());
        double sum = json.get("calls").asInt() * json.get("latency_ms_mean").asDouble() / 1000;
        assertTrue(sum > 2 * json.get("seconds").asDouble(), json.toString());
    }

    @Test
    void callsAtRandom() throws IOException {
        JsonNode json = json("--scenario", "server", "--rate", 20, "--batch", 2);
        assertEquals(20, json.get("rate").asDouble());
        // 0.6 s at 20 a second: 12 of a Poisson distribution, of whose deviation five are allowed.
        assertEquals(12, json.get("calls").asInt(), 5 * Math.sqrt(12));
    }

    @Test
    void theHighestRateIsLookedFor() throws IOException {
        assertTrue(json("--scenario", "server", "--p99", 60_000).get("rate").asDouble() > 0);
    }

    @Test
    void manyRecordingsInOneCall() throws IOException {
        JsonNode json = json("--scenario", "offline", "--concurrency", 6);
        assertEquals(6, json.get("recordings_per_call").asInt());
        assertEquals(
                6 * json.get("calls").asInt() / json.get("seconds").asDouble(),
                json.get("recordings_per_second").asDouble(),
                1e-6);
        String table = bench("--scenario", "offline").done().out();
        assertTrue(table.contains("99.9th percentile") && table.contains("time to ready"), table);
    }

    @Test
    void optionsThatDoNotGoTogetherAreRefused() {
        assertTrue(bench("--rate", 3).refusedInOneLine().contains("go with --scenario server"));
        assertTrue(bench("--scenario", "server").refusedInOneLine().contains("either --rate or --p99"));
        assertTrue(bench("--scenario", "server", "--rate", "NaN")
                .refusedInOneLine()
                .contains("--rate: found NaN"));
        assertTrue(bench("--concurrency", 3).refusedInOneLine().contains("--concurrency goes with"));
        assertTrue(bench("--scenario", "multi", "--concurrency", 0)
                .refusedInOneLine()
                .contains("--concurrency: found 0"));
        // Each would be a thread, or a stream, before anything is measured.
        assertTrue(bench("--scenario", "multi", "--concurrency", Integer.MAX_VALUE)
                .refusedInOneLine()
                .contains("--concurrency: found 2147483647; expected 1 to 10000"));
        assertTrue(bench("--scenario", "streams", "--streams", 100_001)
                .refusedInOneLine()
                .contains("--streams: found 100001; expected 1 to 100000"));
        assertTrue(bench("--scenario", "crowd").refusedInOneLine().contains("crowd"));
    }

    /**
     * A service that answers at once, but for one call that stops it for 300 ms: 30 of the 100 calls a second come
     * meanwhile and wait. A closed loop would have noted one slow call.
     */
    @Test
    void whoWaitsBecauseAnotherWasSlowCounts() {
        ExecutorService service = Executors.newSingleThreadExecutor();
        AtomicInteger calls = new AtomicInteger();
        ServiceLoad.Figures figures = ServiceLoad.open(
                100,
                Duration.ofSeconds(1),
                () -> CompletableFuture.runAsync(
                        () -> {
                            if (calls.incrementAndGet() == 20) {
                                sleep(300);
                            }
                        },
                        service));
        service.shutdown();
        long slow = figures.times()
                .getCountBetweenValues(50_000_000, figures.times().getMaxValue());
        // 25 of a Poisson distribution come in the first 250 ms, and then wait more than 50; three deviations are
        // allowed.
        assertTrue(slow > 25 - 3 * Math.sqrt(25), slow + " of " + calls);
        assertTrue(figures.percentile(100) >= 300, "the slow one itself");
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A service that takes as many milliseconds as calls come a second: 40 a second hold 40 ms. */
    @Test
    void halvingFindsTheRateThatHolds() {
        double found = ServiceLoad.highestRate(
                40, 100, 7, rate -> ServiceLoad.closed(1, Duration.ZERO, () -> sleep(Math.round(rate))));
        // Seven halvings of 100, and what sleeping takes longer.
        assertTrue(found <= 40 && found > 40 - 100 / 128.0 - 10, found + " a second");
    }
}
