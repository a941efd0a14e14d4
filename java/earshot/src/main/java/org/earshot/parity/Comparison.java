package org.earshot.parity;

import java.util.List;

/**
 * One tensor of a golden file beside what was computed for it.
 *
 * @param name in the golden file: {@code module.gru}, {@code output.logits}
 * @param node the network's node that it belongs to
 * @param ran the nodes that were computed for it; those before them were fed what the reference made
 * @param difference of the two
 * @param tolerance how large the difference may be, relative to the spread
 * @param bound what rounding in these nodes may amount to, likewise; of features, 0
 * @param guess what the reference seems to do otherwise; empty where nothing is known that would explain it, or where
 *     nobody asked
 * @param expected the reference's values
 * @param computed the engine's
 */
public record Comparison(
        String name,
        String node,
        List<String> ran,
        Difference difference,
        double tolerance,
        double bound,
        String guess,
        Grid expected,
        Grid computed) {
    /** Copies the list. */
    public Comparison {
        ran = List.copyOf(ran);
    }

    /**
     * Whether the difference is small enough.
     *
     * @return false also for NaN; features are held to {@link Parity#FEATURE_LIMIT_DECIBEL} instead of the tolerance
     */
    public boolean passes() {
        return Parity.isFeatures(name) ? difference.largest() <= tolerance : difference.relative() <= tolerance;
    }

    /** The same with a guess. */
    Comparison guessed(String text) {
        return new Comparison(name, node, ran, difference, tolerance, bound, text, expected, computed);
    }
}
