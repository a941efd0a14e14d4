package org.earshot.cli.options;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.earshot.cli.output.Console;
import org.earshot.dataset.UnreadableClip;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * The recordings of a set that cannot be read: they are left out, listed at the end, and a failure unless asked for.
 */
public final class UnreadableRecordings implements Consumer<UnreadableClip> {
    @Option(
            names = "--skip-unreadable",
            description = "Take it for a success although recordings of the set cannot be read. They are left out and"
                    + " listed at the end in any case.")
    private boolean skip;

    private final List<UnreadableClip> clips = new ArrayList<>();

    @Override
    public void accept(UnreadableClip clip) {
        clips.add(clip);
    }

    /** Lists them all, in the set's order. */
    public void list(Console console, int all) {
        if (!clips.isEmpty()) {
            console.say(clips.size() + " of " + all + " recordings cannot be read and were left out:");
            clips.stream()
                    .sorted(Comparator.comparingLong(
                            unreadable -> unreadable.clip().line()))
                    .forEach(unreadable -> console.say(unreadable.reason().getMessage()));
        }
    }

    /** Exit code of a command that did everything else. */
    public int code() {
        return clips.isEmpty() || skip ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }
}
