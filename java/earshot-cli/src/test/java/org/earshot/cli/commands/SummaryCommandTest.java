package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import java.util.stream.StreamSupport;
import org.earshot.cli.CommandRun;
import org.junit.jupiter.api.Test;

/** Shapes, parameters and costs against what can be counted by hand. */
class SummaryCommandTest {
    private static JsonNode json(Object... options) throws IOException {
        Object[] words = new Object[options.length + 6];
        Object[] first = {"summary", "--json", "--backend", "portable", "--threads", "1"};
        System.arraycopy(first, 0, words, 0, first.length);
        System.arraycopy(options, 0, words, first.length, options.length);
        return JsonMapper.builder().build().readTree(CommandRun.of(words).done().out());
    }

    private static JsonNode layer(JsonNode summary, String name) {
        return StreamSupport.stream(summary.get("layers").spliterator(), false)
                .filter(layer -> layer.get("name").textValue().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static void assertLayer(JsonNode layer, String kind, List<Integer> output, long parameters, long cost) {
        assertEquals(kind, layer.get("kind").textValue());
        assertEquals(output.toString(), layer.get("output").toString().replace(",", ", "));
        assertEquals(parameters, layer.get("parameters").asLong());
        assertEquals(cost, layer.get("multiply_adds").asLong());
    }

    @Test
    void seTransAsTorchinfoCountsIt() throws IOException {
        JsonNode summary = json(CommandRun.GOLDEN.resolve("se-trans"), "--frames", 20, "--batch", 2);
        assertEquals("se-trans", summary.get("architecture").textValue());
        assertEquals(361_946, summary.get("parameters").asLong());
        assertLayer(layer(summary, "bn0"), "band norm", List.of(2, 20, 64, 1), 128, 2 * 20 * 64);
        // 3x3 weights of 64 x 64 channels and the gate's of 64 x 4 twice; the batch norm has 128 numbers of its own.
        assertLayer(
                layer(summary, "SE_block1.se2"),
                "squeeze-and-excitation",
                List.of(2, 10, 32, 64),
                9 * 64 * 64 + 2 * 64 * 4 + 128,
                2L * (20 * 64 * 9 * 64 * 64 + 2 * 64 * 4));
        assertLayer(layer(summary, "tokens"), "token pool", List.of(2, 16, 1, 128), 0, 2 * 5 * 16 * 128);
        // Query, key, value and output 128 x 128, feed-forward 128 x 32 twice; scores and sums over 16 tokens.
        assertLayer(
                layer(summary, "encoder.layers.0"),
                "transformer layer",
                List.of(2, 16, 1, 128),
                4 * (128 * 128 + 128) + 128 * 32 + 32 + 32 * 128 + 128 + 4 * 128,
                2L * 16 * (4 * 128 * 128 + 2 * 128 * 32 + 2 * 16 * 128));
        assertLayer(layer(summary, "logits"), "linear", List.of(2, 10), 1290, 2 * 1280);
        double share = 0;
        long cost = 0;
        for (JsonNode layer : summary.get("layers")) {
            share += layer.get("share").asDouble();
            cost += layer.get("multiply_adds").asLong();
        }
        assertEquals(1, share, 1e-9);
        assertEquals(cost, summary.get("multiply_adds").asLong());
    }

    @Test
    void everySystemHasASummary() throws IOException {
        JsonNode mobile = json(CommandRun.GOLDEN.resolve("mobile-asc-net-gated"), "--frames", 16);
        assertEquals(366_266, mobile.get("parameters").asLong());
        assertLayer(layer(mobile, "gru"), "GRU", List.of(1, 2, 1, 64), 192 * (1024 + 64 + 2), 2 * 192 * (1024 + 64));
        JsonNode twoStage = json(CommandRun.GOLDEN.resolve("se-trans-two-stage"), "--frames", 8);
        assertLayer(layer(twoStage, "coarse_logits"), "linear", List.of(1, 2), 258, 256);
        JsonNode ascMamba = json(CommandRun.SMALL, "--frames", 8);
        assertEquals("context encoder", layer(ascMamba, "condition").get("kind").textValue());
    }

    @Test
    void theTableEndsWithTheTotal() {
        CommandRun run = CommandRun.of(
                        "summary",
                        CommandRun.GOLDEN.resolve("mobile-asc-net-none"),
                        "--frames",
                        "9",
                        "--backend",
                        "portable",
                        "--threads",
                        "2")
                .done();
        List<String> lines = run.lines();
        assertEquals("mobile-asc-net, 1 x 9 frames of 64 bands, portable[2 threads]", lines.get(0));
        assertTrue(lines.get(2).matches("layer +kind +output +parameters +multiply-adds +% of time"), lines.get(2));
        // 9 x 64 positions; 9 weights of the convolution and of the depthwise one, 8 pointwise, 1 shortcut, for each of
        // 8
        // channels; the three batch norms have 2 x 8 numbers each.
        assertTrue(
                lines.get(3).matches("blocks.0 +residual separable block +\\[1, 4, 32, 8\\] +264 +124,416 +[0-9.]+"),
                lines.get(3));
        assertTrue(lines.get(lines.size() - 1).matches("total +[0-9,]+ +[0-9,]+ +100.0"), run.out());
    }

    @Test
    void tooFewFramesAreRefused() {
        String refused = CommandRun.of("summary", CommandRun.GOLDEN.resolve("mobile-asc-net-none"), "--frames", "7")
                .refusedInOneLine();
        assertTrue(refused.contains("--frames: found 7; expected at least 8"), refused);
    }
}
