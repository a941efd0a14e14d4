package org.earshot.cli.output;

import java.util.ArrayList;
import java.util.List;
import org.earshot.parity.ParityResult;

/** All that came of one call of parity, for whoever prints it. */
public final class ParityRun {
    /** A golden file's result with the model directory it belongs to. */
    public record Entry(String model, ParityResult result) {}

    /** A backend that does not start here, and why. */
    public record Skipped(String backend, String reason) {}

    /** What could not be compared, and why. */
    public record Failure(String subject, String message) {}

    private final List<Entry> entries = new ArrayList<>();
    private final List<Skipped> skipped = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();

    public void add(String model, ParityResult result) {
        entries.add(new Entry(model, result));
    }

    public void skip(String backend, String reason) {
        skipped.add(new Skipped(backend, reason));
    }

    public void fail(String subject, String message) {
        failures.add(new Failure(subject, message));
    }

    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    public List<Skipped> skipped() {
        return List.copyOf(skipped);
    }

    public List<Failure> failures() {
        return List.copyOf(failures);
    }

    public List<ParityResult> results() {
        return entries.stream().map(Entry::result).toList();
    }

    /** Whether something was compared, and all of it agreed. */
    public boolean passed() {
        return failures.isEmpty()
                && !entries.isEmpty()
                && results().stream().allMatch(result -> result.first().isEmpty());
    }
}
