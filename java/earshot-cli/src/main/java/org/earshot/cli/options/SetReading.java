package org.earshot.cli.options;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.earshot.audio.AudioLimits;
import org.earshot.cli.output.Console;
import org.earshot.cli.output.SetProgress;
import org.earshot.dataset.Dataset;
import org.earshot.dataset.FeatureCache;
import org.earshot.dataset.FeatureSource;
import org.earshot.dataset.RecordedFeatures;
import org.earshot.dataset.UnreadableClip;
import org.earshot.error.AudioException;
import org.earshot.features.FeatureParameters;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * How the recordings of a set are read. Those that cannot be are left out, listed at the end, and a failure unless
 * asked for; damaged ones are among them if {@code --strict} says so.
 */
public final class SetReading implements Consumer<UnreadableClip> {
    @Mixin
    private StrictOption strict;

    @Option(
            names = "--skip-unreadable",
            description = "Take it for a success although recordings of the set cannot be read. They are left out and"
                    + " listed at the end in any case.")
    private boolean skip;

    private final List<Complaint> complaints = new ArrayList<>();

    /**
     * What is wrong with a recording.
     *
     * @param line its line in the metadata, 0 if that does not matter
     */
    private record Complaint(long line, String text) {}

    /** The bounds that recordings are read in. */
    public AudioLimits limits() {
        return strict.limits();
    }

    /** Opens a set's feature cache, and shows the progress of what has to be computed for it. */
    public FeatureCache cached(Console console, Dataset clips, FeatureParameters parameters, Path cache, int threads) {
        try (SetProgress progress = progress(console)) {
            return FeatureCache.open(clips, parameters, limits(), cache, threads, progress, this);
        }
    }

    /** Computes a set's features and keeps them in memory. */
    public FeatureCache inMemory(Console console, Dataset clips, FeatureParameters parameters, int threads) {
        try (SetProgress progress = progress(console)) {
            return FeatureCache.inMemory(clips, parameters, limits(), threads, progress, this);
        }
    }

    private static SetProgress progress(Console console) {
        return new SetProgress(console, "features");
    }

    /** A set's features, computed when they are read. */
    public FeatureSource recorded(Dataset clips, FeatureParameters parameters) {
        return new RecordedFeatures(clips, parameters, limits());
    }

    @Override
    public void accept(UnreadableClip clip) {
        complaints.add(new Complaint(clip.clip().line(), clip.reason().getMessage()));
    }

    /** Takes what is wrong with a recording that is told of in its turn. */
    public void accept(AudioException reason) {
        complaints.add(new Complaint(0, reason.getMessage()));
    }

    /** Lists all that cannot be read, in the set's order, of so many recordings. */
    public void list(Console console, int all) {
        if (!complaints.isEmpty()) {
            console.say(complaints.size() + " of " + all + " recordings cannot be read and were left out:");
            complaints.stream()
                    .sorted(Comparator.comparingLong(Complaint::line))
                    .forEach(complaint -> console.say(complaint.text));
        }
    }

    /** Exit code of a command that did everything else. */
    public int code() {
        return complaints.isEmpty() || skip ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
}
