package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.earshot.cli.CommandRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The command {@code parity} as users and CI run it: on a network with a mistake, and on one without. */
class ParityCommandTest {
    private static final Path MODELS = Path.of("../earshot/src/test/resources/parity");

    @TempDir
    Path folder;

    private Path model;

    /** A model with a golden file that agrees and one that does not. */
    @BeforeEach
    void copyModel() throws IOException {
        model = folder.resolve("model");
        Files.createDirectory(model);
        for (String file : new String[] {
            "config.json", "model.safetensors", "golden-none.safetensors", "golden-gate-order.safetensors"
        }) {
            Files.copy(MODELS.resolve("mobile-asc-net").resolve(file), model.resolve(file));
        }
    }

    private Path right() throws IOException {
        Files.delete(model.resolve("golden-gate-order.safetensors"));
        return model;
    }

    @Test
    void namesTheFirstLayerThatDiffersAndWhy() {
        CommandRun run = CommandRun.of("parity", model, "--backend", "portable");
        assertEquals(1, run.code());
        String first = run.lines().stream()
                .filter(line -> line.endsWith("FAIL, the first"))
                .findFirst()
                .orElseThrow();
        assertTrue(first.contains(" module.gru ") && first.contains("golden-gate-order.safetensors"), first);
        assertEquals(
                1,
                run.lines().stream()
                        .filter(line -> line.endsWith("FAIL, the first"))
                        .count());
        assertTrue(run.lines().stream().anyMatch(line -> line.endsWith(" FAIL")), run.out());
        assertTrue(
                run.out()
                        .contains("module.gru: the reference's values come out with a gate order: the GRU's gates are"
                                + " z, r, n"),
                run.out());
        CommandRun isolated = CommandRun.of("parity", model, "--backend", "portable", "--isolate");
        assertEquals(1, isolated.code());
        assertEquals(
                1,
                isolated.lines().stream().filter(line -> line.contains("FAIL")).count(),
                isolated.out());
    }

    @Test
    void tolerancesAreForAllOrForOne() throws IOException {
        Object[] gru = {"parity", model, "--backend", "portable", "--isolate", "--tolerance", "module.gru=10"};
        assertEquals(0, CommandRun.of(gru).code());
        Files.writeString(model.resolve("parity.json"), "{\"float32\": {\"module.gru\": 10}}");
        assertEquals(
                0,
                CommandRun.of("parity", model, "--backend", "portable", "--isolate")
                        .code());
        CommandRun strict =
                CommandRun.of("parity", model, "--backend", "portable", "--isolate", "--tolerance", "module.gru=1e-4");
        assertEquals(1, strict.code());
        CommandRun misspelt = CommandRun.of("parity", model, "--backend", "portable", "--tolerance", "module.grru=10");
        assertTrue(misspelt.err().contains("tolerance of module.grru: nothing of that name was compared"));
        for (String wrong : new String[] {"small", "module.gru=", "module.gru=-1", "NaN"}) {
            assertTrue(CommandRun.of("parity", model, "--tolerance", wrong)
                    .refusedInOneLine()
                    .contains("--tolerance"));
        }
    }

    @Test
    void jsonHasAllThatTheTableHas() throws IOException {
        CommandRun run = CommandRun.of("parity", model, "--backend", "portable", "--json");
        assertEquals(1, run.code());
        assertEquals(1, run.lines().size());
        JsonNode json = JsonMapper.builder().build().readTree(run.out());
        assertFalse(json.get("passed").booleanValue());
        assertEquals(2, json.get("results").size());
        JsonNode result = json.get("results").get(0);
        assertEquals("module.gru", result.get("first").textValue());
        JsonNode gru = null;
        for (JsonNode one : result.get("comparisons")) {
            gru = one.get("name").textValue().equals("module.gru") ? one : gru;
        }
        assertFalse(gru.get("passed").booleanValue());
        assertTrue(gru.get("relative").doubleValue() > 0.1);
        assertTrue(gru.get("guess").textValue().contains("gate order"));
        assertTrue(gru.get("rounding").doubleValue() > 0);
        assertTrue(json.get("results").get(1).get("first").isNull());
        CommandRun features = CommandRun.of("parity", MODELS.resolve("front-end"), "--backend", "portable", "--json");
        JsonNode one = JsonMapper.builder()
                .build()
                .readTree(features.out())
                .get("results")
                .get(0);
        assertEquals(16, one.get("comparisons").get(0).get("per_band").size());
        assertEquals(20, one.get("comparisons").get(0).get("per_frame").size());
    }

    @Test
    void junitHasACaseForEachOutput() throws Exception {
        Path junit = folder.resolve("parity.xml");
        CommandRun.of("parity", model, folder.resolve("nowhere"), "--junit", junit);
        Element suites = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(junit.toFile())
                .getDocumentElement();
        NodeList cases = suites.getElementsByTagName("testcase");
        NodeList failures = suites.getElementsByTagName("failure");
        boolean gru = false;
        for (int i = 0; i < failures.getLength(); i++) {
            gru |= ((Element) failures.item(i)).getAttribute("message").startsWith("module.gru differs by");
        }
        assertTrue(gru, "no failure of the GRU");
        assertTrue(cases.getLength() >= 2 * 2 * 13, cases.getLength() + " cases");
        String text = Files.readString(junit);
        assertTrue(text.contains("nowhere") && text.contains("</testsuites>"), text);
        // Where there is no device, its backend is a case that was skipped.
        assertEquals(text.contains("on cuda["), !text.contains("<skipped message="));
    }

    @Test
    void markdownIsASummary() throws IOException {
        Path markdown = folder.resolve("summary.md");
        CommandRun.of("parity", model, "--backend", "cpu", "--markdown", markdown);
        String text = Files.readString(markdown);
        assertTrue(text.startsWith("## Parity with PyTorch: differs\n"), text);
        assertTrue(text.contains("| golden-gate-order.safetensors | cpu["), text);
        assertTrue(text.contains("**module.gru**") && text.contains("<details>"), text);
        CommandRun.of("parity", right(), "--backend", "cpu", "--markdown", markdown)
                .done();
        assertTrue(Files.readString(markdown).startsWith("## Parity with PyTorch: agrees\n"));
    }

    @Test
    void pictureIsAPage() throws IOException {
        Path page = folder.resolve("parity.html");
        CommandRun.of("parity", model, "--backend", "cpu", "--picture", page);
        assertTrue(Files.readString(page).contains("<h1>Parity with PyTorch</h1>"));
        assertTrue(CommandRun.of("parity", model, "--picture", folder.resolve("no/such/folder.html"))
                .failedInOneLine()
                .contains("no such folder"));
    }

    @Test
    void whatWasRecordedIsComparedInOneLine() throws IOException {
        Path record = folder.resolve("record.safetensors");
        right();
        CommandRun.of("parity", model, "--backend", "portable", "--record", record)
                .done();
        CommandRun same = CommandRun.of("parity", model, "--backend", "portable", "--against", record)
                .done();
        assertTrue(same.err().contains("against " + record + ": same bits: "), same.err());
        CommandRun other = CommandRun.of("parity", model, "--backend", "cpu", "--against", record)
                .done();
        assertTrue(other.err().contains(": within tolerance: "), other.err());
        assertTrue(other.err().contains("backend: portable["), other.err());
        CommandRun strict = CommandRun.of(
                "parity", MODELS.resolve("se-trans"), "--backend", "cpu", "--tolerance", 100, "--against", record);
        assertEquals(1, strict.code());
        assertTrue(strict.err().contains("not the same tensors"), strict.err());
        assertTrue(CommandRun.of("parity", model, "--record", record)
                .refusedInOneLine()
                .contains("one backend"));
    }
}
