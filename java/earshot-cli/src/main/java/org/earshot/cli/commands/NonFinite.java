package org.earshot.cli.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.earshot.files.Quoted;
import org.earshot.weights.TensorStatistics;

/** Counts what is no number in weights: a training that went wrong leaves it. */
final class NonFinite {
    private static final int LISTED = 3;

    private final List<String> names = new ArrayList<>();
    private long nans;
    private long infinities;

    void add(String name, TensorStatistics statistics) {
        if (statistics.nans() + statistics.infinities() > 0) {
            names.add(name);
            nans += statistics.nans();
            infinities += statistics.infinities();
        }
    }

    /** What to tell the user, if there is anything. */
    Optional<String> description() {
        if (names.isEmpty()) {
            return Optional.empty();
        }
        String listed =
                String.join(", ", names.stream().limit(LISTED).map(Quoted::of).toList());
        return Optional.of("not finite: " + nans + " NaN and " + infinities + " infinite values in " + names.size()
                + (names.size() == 1 ? " tensor: " : " tensors: ") + listed + (names.size() > LISTED ? ", ..." : ""));
    }
}
