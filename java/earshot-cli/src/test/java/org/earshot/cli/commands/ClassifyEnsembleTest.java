package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.earshot.cli.CommandRun;
import org.earshot.cli.Recordings;
import org.earshot.cli.TestModels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code classify} with several models, against what each says alone. */
class ClassifyEnsembleTest {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    @TempDir
    Path folder;

    private Path first;
    private Path second;
    private Path noise;
    private Path tone;

    @BeforeEach
    void makeFiles() throws IOException {
        first = TestModels.quick(folder.resolve("first"));
        second = TestModels.quick(CommandRun.GOLDEN.resolve("mobile-asc-net-none"), folder.resolve("second"));
        noise = Recordings.write(folder.resolve("noise.wav"), Recordings.noise(1, 1));
        tone = Recordings.write(folder.resolve("tone.wav"), Recordings.tone(1, 440));
    }

    private CommandRun both(Object... args) {
        List<Object> words = new ArrayList<>(List.of("classify", "--model", first, "--model", second));
        words.addAll(List.of(args));
        return CommandRun.of(words.toArray());
    }

    private static double probability(JsonNode answer, String label) {
        for (JsonNode scene : answer.get("ranking")) {
            if (scene.get("label").textValue().equals(label)) {
                return scene.get("probability").doubleValue();
            }
        }
        throw new AssertionError(label + " is not in " + answer);
    }

    /** The mean by the weights, of what each says when it is asked alone. */
    @Test
    void probabilitiesAreFusedByWeight() throws IOException {
        JsonNode fused = MAPPER.readTree(
                both(noise, "--json", "--model-weights", "3,1").done().out());
        JsonNode of1 = MAPPER.readTree(CommandRun.of("classify", "--model", first, noise, "--json")
                .done()
                .out());
        JsonNode of2 = MAPPER.readTree(CommandRun.of("classify", "--model", second, noise, "--json")
                .done()
                .out());
        assertEquals(10, fused.get("ranking").size());
        for (JsonNode scene : fused.get("ranking")) {
            String label = scene.get("label").textValue();
            // A float's rounding, of a few sums.
            assertEquals(
                    0.75 * probability(of1, label) + 0.25 * probability(of2, label),
                    scene.get("probability").doubleValue(),
                    4 * Math.ulp(1f),
                    label);
        }
        assertEquals(
                of1.get("label").equals(of2.get("label")), fused.get("agree").booleanValue());
        assertEquals(of1.get("ranking"), fused.get("members").get(0).get("ranking"));
        assertEquals(of2.get("ranking"), fused.get("members").get(1).get("ranking"));
    }

    @Test
    void tableAndCsvSayWhetherTheModelsAgree() throws IOException {
        JsonNode of2 = MAPPER.readTree(CommandRun.of("classify", "--model", second, noise, "--json")
                .done()
                .out());
        CommandRun same = CommandRun.of("classify", "--model", first, "--model", first, noise, tone)
                .done();
        assertTrue(same.lines().get(0).matches("file +scene +probability +models +runners-up"), same.out());
        assertTrue(same.lines().get(1).matches(".*0\\.\\d{3}  agree     \\S.*[^)]"), same.out());
        assertTrue(same.err().contains("the models agree on 2 of 2 recordings"), same.err());

        CSVRecord row = CSVFormat.RFC4180
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .get()
                .parse(new StringReader(
                        both(noise, "--csv", "--top", "1").done().out()))
                .getRecords()
                .get(0);
        boolean agree = row.get("label of first").equals(row.get("label of second"));
        assertEquals(of2.get("label").textValue(), row.get("label of second"));
        assertEquals(
                of2.get("probability").doubleValue(),
                Double.parseDouble(row.get("probability of second")),
                4 * Math.ulp(1f));
        assertEquals(Boolean.toString(agree), row.get("agree"));

        // Untrained models of two kinds, which do not, as the table has to show.
        assertTrue(!agree, row.toString());
        CommandRun table = both(noise, tone).done();
        String voice = "second: " + of2.get("label").textValue()
                + String.format(Locale.ROOT, " %.3f)", of2.get("probability").doubleValue());
        assertTrue(table.lines().get(1).contains("  disagree  "), table.out());
        assertTrue(table.lines().get(1).endsWith(voice), table.out());
        assertTrue(
                table.err().startsWith("earshot: models " + first + ", " + second + ": SceneEnsemble[ascmamba + "),
                table.err());
    }

    /** The models vote in each window. */
    @Test
    void segmentsAreTheEnsembles() throws IOException {
        Path longer = Recordings.write(folder.resolve("longer.wav"), Recordings.noise(3.3, 1));
        JsonNode segment = MAPPER.readTree(both(longer, "--segments", "--format", "jsonl", "--window-hop", 1, "-q")
                .done()
                .lines()
                .get(0));
        JsonNode answer = MAPPER.readTree(
                both(longer, "--json", "--window-hop", 1, "-q").done().lines().get(0));
        double mean = 0;
        for (JsonNode window : answer.get("windows")) {
            mean += probability(window, segment.get("label").textValue());
        }
        assertEquals(
                mean / answer.get("windows").size(), segment.get("probability").doubleValue(), 8 * Math.ulp(1f));
    }

    @Test
    void whatFitsNoEnsembleIsRefused() {
        assertTrue(both(noise, "--model-weights", "1").refusedInOneLine().contains("--model-weights: found [1.0]"));
        assertTrue(both(noise, "--model-weights", "1,NaN").refusedInOneLine().contains("positive number"));
        String refusal = both(noise, "--drop", "x").refusedInOneLine();
        assertTrue(refusal.contains("--key-map and --drop say how one model is read; found 2"), refusal);
        refusal = both(noise, "--weights", "x.pth").refusedInOneLine();
        assertTrue(refusal.contains("--weights says how one model is read; found 2"), refusal);
    }
}
