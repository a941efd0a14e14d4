package org.earshot.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.error.ModelException;
import org.earshot.parity.Comparison;
import org.earshot.parity.Tolerances;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.opentest4j.AssertionFailedError;

/** The annotation as users have it, and JUnit run on tests that fail or cannot run. */
class ParityTestTest {
    private static final String MODELS = "../earshot/src/test/resources/parity/";

    @TempDir
    Path folder;

    /** As in a user's build: one line, and a test of each output on each backend. */
    @ParityTest(model = "../earshot/src/test/resources/golden/ascmamba-small")
    void agreesWithPyTorch(Comparison comparison) {
        assertTrue(comparison.passes());
    }

    @ParityTest(model = "../earshot/src/test/resources/golden/mobile-asc-net-none", backends = "cpu", isolated = true)
    void agreesLayerByLayer() {}

    /** Run by {@link #failsAndSkipsWithItsReason} alone: the engine finds it by its class. */
    static class Failing {
        @ParityTest(
                model = MODELS + "mobile-asc-net",
                backends = {"portable", "cuda"})
        void parity() {}
    }

    /** What JUnit reports of each test. */
    private static final class Listener implements TestExecutionListener {
        private final List<String> passed = new ArrayList<>();
        private final List<String> failed = new ArrayList<>();
        private final List<String> aborted = new ArrayList<>();

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (!test.isTest()) {
                return;
            }
            String text = test.getDisplayName() + ": "
                    + result.getThrowable().map(Throwable::getMessage).orElse("");
            switch (result.getStatus()) {
                case SUCCESSFUL -> passed.add(text);
                case FAILED -> failed.add(text);
                case ABORTED -> aborted.add(text);
            }
        }
    }

    @Test
    void failsAndSkipsWithItsReason() {
        Listener listener = new Listener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectClass(Failing.class))
                                .build(),
                        listener);
        // Seven golden files of thirteen outputs each, of which golden-none has all right.
        assertEquals(13, count(listener.passed, "golden-none.safetensors, portable["));
        assertEquals(0, count(listener.failed, "golden-none"));
        assertEquals(7 * 13, count(listener.passed, "portable[") + count(listener.failed, "portable["));
        assertTrue(
                listener.failed.stream()
                        .anyMatch(text -> text.startsWith("golden-shift.safetensors, portable[")
                                && text.contains(", module.blocks.0: ")
                                && text.contains("a shift by one frame, later")),
                listener.failed.toString());
        boolean device = listener.passed.stream().anyMatch(text -> text.contains("cuda["));
        assertEquals(device ? 0 : 1, count(listener.aborted, "cuda does not start here: "));
        assertTrue(device || listener.aborted.get(0).contains("expected"), listener.aborted.toString());
    }

    private static long count(List<String> texts, String start) {
        return texts.stream().filter(text -> text.contains(start)).count();
    }

    @Test
    void assertionNamesTheFirstLayerThatDiffers() throws IOException {
        Path model = folder.resolve("model");
        Files.createDirectory(model);
        for (String file : new String[] {"config.json", "model.safetensors", "golden-missing-bias.safetensors"}) {
            Files.copy(Path.of(MODELS, "se-trans", file), model.resolve(file));
        }
        AssertionFailedError e = assertThrows(AssertionFailedError.class, () -> ParityAssertions.assertParity(model));
        assertTrue(e.getMessage().contains("module.fusion_layer differs by"), e.getMessage());
        assertTrue(e.getMessage().contains("a missing bias: without fusion_layer.bias"), e.getMessage());
        assertFalse(e.getMessage().contains("output.logits"), e.getMessage());
        ParityAssertions.assertParity(model, Tolerances.of(10));
        Files.writeString(model.resolve(Tolerances.FILE), "{\"float32\": {\"*\": 10}}");
        ParityAssertions.assertParity(model);
    }

    @Test
    void whatCannotBeComparedIsNoAgreement() {
        assertThrows(ModelException.class, () -> ParityAssertions.assertParity(folder));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> ParityRuns.backends("abacus"));
        assertTrue(e.getMessage().contains("abacus") && e.getMessage().contains("portable"), e.getMessage());
    }
}
