package org.earshot.parity;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What came of one golden file on one backend.
 *
 * @param golden the file
 * @param backend what computed, as its {@code toString()} says
 * @param comparisons one for each tensor that has a counterpart, in the order in which the layers run
 * @param notes what else is to be known: modules without a counterpart, layouts that had to be guessed
 */
public record ParityResult(Path golden, String backend, List<Comparison> comparisons, List<String> notes) {
    /** Copies the lists. */
    public ParityResult {
        comparisons = List.copyOf(comparisons);
        notes = List.copyOf(notes);
    }

    /**
     * The first layer that differs.
     *
     * @return the first comparison that does not pass, if there is one
     */
    public Optional<Comparison> first() {
        return comparisons.stream().filter(one -> !one.passes()).findFirst();
    }

    /**
     * The comparison of a tensor.
     *
     * @param name in the golden file
     * @return its comparison, if it has a counterpart
     */
    public Optional<Comparison> of(String name) {
        return comparisons.stream().filter(one -> one.name().equals(name)).findFirst();
    }
}
