package org.earshot.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.model.ModelDirectory;
import org.earshot.parity.Parity;
import org.earshot.parity.ParityOptions;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page about parity: whole, without a script, and well-formed. */
class ParityPageTest {
    private static final Path MODELS = Path.of("../earshot/src/test/resources/parity");

    @TempDir
    private Path folder;

    /** A network that agrees, one that does not, and features that do not. */
    static List<ParityResult> results() {
        List<ParityResult> results = new ArrayList<>();
        for (String golden : List.of("ascmamba/golden-none", "ascmamba/golden-missing-bias", "front-end/golden-htk")) {
            Path file = MODELS.resolve(golden + ".safetensors");
            ModelDirectory model = ModelDirectory.read(file.getParent(), null, KeyMap.identity());
            Tolerances tolerances = Tolerances.of(Precision.FLOAT32);
            results.add(Parity.check(
                    model,
                    file,
                    Backends.start("portable", 1),
                    new ParityOptions(Precision.FLOAT32, false, tolerances, true)));
        }
        return results;
    }

    @Test
    void showsLayersAndTheOneThatDiffersFirst() throws Exception {
        Path file = folder.resolve("parity.html");
        HtmlReport.writeParity(file, results());
        String page = Files.readString(file);
        assertTrue(page.contains("2 of 3 runs of golden files differ."), page);
        assertTrue(page.contains("<bdi>module.blocks.0.tlinear</bdi>"), page);
        assertTrue(page.contains("without blocks.0.tlinear.bias"), page);
        assertTrue(page.contains("the HTK mel scale"), page);
        assertEquals(3, page.split("Where [^<]* differs</figcaption>", -1).length - 1);
        assertTrue(page.contains("data:image/png;base64,"));
        assertFalse(page.contains("<script") || page.contains("http://www.example"), page);
        // Of the style sheet's classes: some bars are within their tolerance, some are not.
        assertTrue(page.contains("class=\"bar\"") && page.contains("class=\"mark s1\""));
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
    }
}
