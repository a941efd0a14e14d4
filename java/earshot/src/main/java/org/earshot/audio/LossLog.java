package org.earshot.audio;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Collects what a decoder could not decode. Bounded, however damaged a file is. Not thread-safe. */
public final class LossLog {
    /** Places that are listed one by one. */
    private static final int MAX_PLACES = 1000;

    private final List<AudioLoss> losses = new ArrayList<>();
    private int unlisted;

    /** Starts with nothing lost. */
    public LossLog() {}

    /**
     * Notes one place. Losses with nothing decoded between them are one.
     *
     * @param at time in what was decoded so far
     * @param length how much sound is missing, zero if that is not known
     * @param cause what was found
     */
    public void add(Duration at, Duration length, String cause) {
        int last = losses.size() - 1;
        if (last >= 0 && losses.get(last).at().equals(at)) {
            AudioLoss before = losses.get(last);
            losses.set(last, new AudioLoss(at, before.length().plus(length), before.cause()));
        } else if (losses.size() < MAX_PLACES) {
            losses.add(new AudioLoss(at, length, cause));
        } else {
            unlisted++;
            AudioLoss before = losses.get(last);
            String more = "damage, the first of " + (unlisted + 1) + " places more than can be listed";
            losses.set(last, new AudioLoss(before.at(), before.length().plus(length), more));
        }
    }

    /**
     * What was lost so far.
     *
     * @return in the order of time
     */
    public List<AudioLoss> losses() {
        return List.copyOf(losses);
    }
}
