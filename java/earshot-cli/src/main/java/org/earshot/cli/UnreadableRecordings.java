package org.earshot.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.earshot.dataset.UnreadableClip;
import picocli.CommandLine.Option;

/**
 * The recordings of a set that cannot be read: they are left out, listed at the end, and a failure unless asked for.
 */
final class UnreadableRecordings implements Consumer<UnreadableClip> {
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
    void list(Console console, int all) {
        if (!clips.isEmpty()) {
            console.say(clips.size() + " of " + all + " recordings cannot be read and were left out:");
            clips.stream()
                    .sorted(Comparator.comparingLong(
                            unreadable -> unreadable.clip().line()))
                    .forEach(unreadable -> console.say(unreadable.reason().getMessage()));
        }
    }

    /** Exit code of a command that did everything else. */
    int code() {
        return clips.isEmpty() || skip ? Subcommand.DONE : Subcommand.FAILED;
    }
}
