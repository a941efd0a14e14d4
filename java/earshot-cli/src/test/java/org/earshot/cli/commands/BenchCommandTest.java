package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.cli.CommandRun;
import org.earshot.cli.TestModels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be said of a benchmark whatever the machine: its figures fit each other. */
class BenchCommandTest {
    @TempDir
    Path folder;

    private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        model = TestModels.quick(folder.resolve("model"));
    }

    private CommandRun bench(Object... options) {
        Object[] words = new Object[options.length + 6];
        Object[] first = {"bench", model, "--backend", "portable", "--duration", "0.05"};
        System.arraycopy(first, 0, words, 0, first.length);
        System.arraycopy(options, 0, words, first.length, options.length);
        return CommandRun.of(words);
    }

    @Test
    void figuresFitEachOther() throws IOException {
        CommandRun run =
                bench("--json", "--batch", 2, "--frames", 20, "--threads", 1).done();
        JsonNode json = JsonMapper.builder().build().readTree(run.out());

        double median = json.get("latency_ms_median").asDouble();
        assertTrue(median > 0);
        assertTrue(json.get("latency_ms_p90").asDouble() >= median);
        assertTrue(json.get("latency_ms_p99").asDouble()
                >= json.get("latency_ms_p90").asDouble());
        assertTrue(json.get("runs").asInt() >= 5);
        assertTrue(json.get("backend").textValue().startsWith("portable["));
        assertTrue(json.get("model_digest").textValue().matches("[0-9a-f]{64}"));
        // Two clips of 20 frames of 882 samples at 44.1 kHz: 0.8 s.
        double mean = json.get("latency_ms_mean").asDouble();
        assertEquals(2000 / mean, json.get("clips_per_second").asDouble(), 1e-9 * 2000 / mean);
        assertEquals(median / 800, json.get("real_time_factor").asDouble(), 1e-9 * median);
        double shares = 0;
        for (JsonNode layer : json.get("layers")) {
            shares += layer.get("share").asDouble();
        }
        assertEquals(1, shares, 1e-9);
        assertEquals("condition", json.get("layers").get(0).get("name").textValue());
        assertEquals("dense_encoder", json.get("layers").get(1).get("name").textValue());
    }

    @Test
    void severalBatchesAndCallersAreMeasuredOneAfterAnother() throws IOException {
        CommandRun run = bench("--json", "--frames", 20, "--threads", 1, "--batch", "1,2", "--callers", "1,3")
                .done();
        List<String> measured = new ArrayList<>();
        for (String line : run.lines()) {
            JsonNode json = JsonMapper.builder().build().readTree(line);
            int callers = json.get("callers").asInt();
            measured.add(json.get("batch").asInt() + " x " + callers);
            assertTrue(json.get("runs").asInt() >= 5 * callers, line);
            assertTrue(json.get("clips_per_second").asDouble() > 0, line);
            assertTrue(json.get("latency_ms_median").asDouble() > 0, line);
        }
        assertEquals(List.of("1 x 1", "1 x 3", "2 x 1", "2 x 3"), measured);
    }

    @Test
    void fromSamplesTheFrontEndIsTimedToo() {
        CommandRun run = bench("--from", "pcm").done();
        assertTrue(run.out().contains("50 frames from pcm"), run.out());
        assertTrue(run.lines().stream().anyMatch(line -> line.startsWith(LatencyProbe.FRONT_END)), run.out());
    }

    @Test
    void fromSamplesOf16BitsToo() {
        CommandRun run = bench("--from", "pcm16").done();
        assertTrue(run.out().contains("50 frames from pcm16"), run.out());
        float[] samples = {-2, -1, -0.1f, 0.4f / 32768, 0.6f / 32768, 0.99999f, 2};
        float[] recorded = {-1, -1, -3277f / 32768, 0, 1f / 32768, 32767f / 32768, 32767f / 32768};
        assertArrayEquals(recorded, LatencyProbe.asRecorded(samples));
    }

    @Test
    void wrongOptionsAreRefused() {
        assertTrue(bench("--batch", 0).refusedInOneLine().contains("--batch: found 0"));
        assertTrue(bench("--batch", "2,0").refusedInOneLine().contains("--batch: found 0"));
        assertTrue(bench("--callers", "1,-1").refusedInOneLine().contains("--callers: found -1"));
        assertTrue(
                bench("--callers", "1,1025").refusedInOneLine().contains("--callers: found 1025; expected 1 to 1024"));
        assertTrue(CommandRun.of("summary", model, "--batch", "1,2")
                .refusedInOneLine()
                .contains("--batch: found [1, 2]; expected one number"));
        assertTrue(bench("--threads", -1).refusedInOneLine().contains("--threads: found -1"));
        assertTrue(bench("--frames", 0).refusedInOneLine().contains("--frames: found 0"));
        assertTrue(bench("--frames", Integer.MAX_VALUE).refusedInOneLine().contains("--frames: found 2147483647"));
        String refused = CommandRun.of("bench", model, "--duration", "NaN").refusedInOneLine();
        assertTrue(refused.contains("--duration: found NaN"), refused);
        assertTrue(bench("--from", "air").refusedInOneLine().contains("air"));
        assertTrue(bench("--device", -1).refusedInOneLine().contains("--device: found -1"));
    }

    /** Sizes that no array, no memory, or no int holds are said, not stumbled over. */
    @Test
    void batchesBeyondMemoryAreRefused() {
        for (String from : new String[] {"features", "pcm"}) {
            String refused = bench("--from", from, "--batch", Integer.MAX_VALUE).failedInOneLine();
            assertTrue(refused.contains("--batch: found " + Integer.MAX_VALUE + " clips"), refused);
            String longer = bench("--from", from, "--frames", Integer.MAX_VALUE).refusedInOneLine();
            assertTrue(longer.contains("--frames: found " + Integer.MAX_VALUE), longer);
        }
    }

    @Test
    void aDeviceIsWhatPortableHasNot() {
        String refused = bench("--device", 0).failedInOneLine();
        assertTrue(refused.contains("portable: found device 0; expected none"), refused);
    }
}
