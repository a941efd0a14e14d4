package org.earshot.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.parity.Comparison;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.opentest4j.AssertionFailedError;

/** Parity with PyTorch as an assertion. */
public final class ParityAssertions {
    private ParityAssertions() {}

    /**
     * Asserts that a model computes what PyTorch computed, within what its {@code parity.json} allows, else the
     * defaults: all of its golden files, on every backend that starts on this machine.
     *
     * @param model the model directory, with golden files in it
     * @throws AssertionFailedError naming the first layer that differs of each run that does
     * @throws org.earshot.error.EarshotException if the model or a golden file cannot be read
     */
    public static void assertParity(Path model) {
        assertParity(model, Tolerances.read(model, Precision.FLOAT32));
    }

    /**
     * Asserts that a model computes what PyTorch computed.
     *
     * @param model the model directory, with golden files in it
     * @param tolerances how large differences may be
     * @throws AssertionFailedError naming the first layer that differs of each run that does
     * @throws org.earshot.error.EarshotException if the model or a golden file cannot be read
     */
    public static void assertParity(Path model, Tolerances tolerances) {
        ParityRuns runs = new ParityRuns(model, tolerances, false);
        List<String> failures = new ArrayList<>();
        for (Backends.Status backend : ParityRuns.backends()) {
            for (Path golden : backend.starts() ? runs.goldens() : List.<Path>of()) {
                ParityResult result = runs.check(golden, backend.name());
                result.first().ifPresent(first -> failures.add(message(result, first)));
            }
        }
        if (!failures.isEmpty()) {
            throw new AssertionFailedError(String.join(System.lineSeparator(), failures));
        }
    }

    /** What is said of an output that differs. */
    static String message(ParityResult result, Comparison one) {
        return String.format(
                Locale.ROOT,
                "%s on %s: %s differs by %.2e, more than %.2e; most at %s: expected %s, computed %s%s",
                result.golden().getFileName(),
                result.backend(),
                one.name(),
                one.measured(),
                one.tolerance(),
                one.difference().worst(),
                one.difference().expected(),
                one.difference().computed(),
                one.guess().isEmpty() ? "" : "; " + one.guess());
    }
}
