package org.earshot.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.earshot.RecordingContext;

/**
 * A draw of wrong contexts for a set (tools/reference/spec/models.md, "Pseudo-labelling, validation sets, metric"). The
 * clips that are told something wrong are the first of a random order of the set, so that in one draw a larger share
 * contains a smaller one. The share of x % has {@code x * clips / 100} clips, rounded half up.
 *
 * <p>All random numbers come from {@link SplittableRandom}; the same seed gives the same draw everywhere.
 */
public final class ContextShift {
    private static final int PERCENT = 100;

    private final List<RecordingContext> contexts;
    private final long seed;
    /** All clips, in the order in which they are taken. */
    private final int[] order;

    /**
     * Draws the order of the clips.
     *
     * @param contexts the right ones, one for each clip
     * @param seed of the draw
     */
    public ContextShift(List<RecordingContext> contexts, long seed) {
        this.contexts = List.copyOf(contexts);
        this.seed = seed;
        order = IntStream.range(0, contexts.size()).toArray();
        shuffle(order, new SplittableRandom(seed));
    }

    /**
     * Clips of a share.
     *
     * @param clips of the set
     * @param percent the share, from 0 to 100
     * @return how many clips are told something wrong
     */
    public static int clips(int clips, int percent) {
        return (int) (((long) clips * percent + PERCENT / 2) / PERCENT);
    }

    /**
     * City and time, together, permuted among a share of the clips: Valid-Hard(x %). A permutation is drawn uniformly,
     * so that a clip may be given its own context, or an equal one; a share of one clip stays as it is. What is not
     * known of a clip is permuted like what is.
     *
     * @param percent the share, from 0 to 100
     * @return what each clip is told
     */
    public List<RecordingContext> shuffled(int percent) {
        int[] taken = Arrays.copyOf(order, clips(order.length, percent));
        int[] givers = taken.clone();
        shuffle(givers, new SplittableRandom(seed + percent));
        List<RecordingContext> told = new ArrayList<>(contexts);
        for (int i = 0; i < taken.length; i++) {
            told.set(taken[i], contexts.get(givers[i]));
        }
        return told;
    }

    /**
     * A share of the clips with a city that was drawn from a list, and the time left as it is.
     *
     * @param percent the share, from 0 to 100
     * @param cities to draw from, each as likely as the others; at least one
     * @return what each clip is told
     */
    public List<RecordingContext> unseen(int percent, List<String> cities) {
        SplittableRandom random = new SplittableRandom(seed - 1);
        List<RecordingContext> told = new ArrayList<>(contexts);
        for (int i = 0; i < clips(order.length, percent); i++) {
            String city = cities.get(random.nextInt(cities.size()));
            told.set(
                    order[i],
                    RecordingContext.of(city, contexts.get(order[i]).time().orElse(null)));
        }
        return told;
    }

    /** Fisher and Yates, from the last place to the second. */
    private static void shuffle(int[] values, SplittableRandom random) {
        for (int last = values.length - 1; last > 0; last--) {
            int other = random.nextInt(last + 1);
            int value = values[last];
            values[last] = values[other];
            values[other] = value;
        }
    }
}
