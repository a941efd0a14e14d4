package org.earshot.evaluation;

import java.util.List;

/**
 * What is measured, and how finely.
 *
 * @param bins of the calibration
 * @param draws of the bootstrap
 * @param mistakes to show at most
 * @param seed of all that is random
 * @param shuffled shares of the set, in percent, among which contexts are permuted; none for no such curve
 * @param unseen shares of the set, in percent, that are told unseen cities; none for no such curve
 * @param cities that training never met
 * @param repeats draws for each share of a curve
 */
public record EvaluationOptions(
        int bins,
        int draws,
        int mistakes,
        long seed,
        List<Integer> shuffled,
        List<Integer> unseen,
        List<String> cities,
        int repeats) {
    /** Most bins, draws, mistakes or repeats: far more than is of use. */
    public static final int MOST = 1_000_000;

    /** The shares of the papers' robustness curves, percent. */
    public static final List<Integer> SHARES = List.of(5, 10, 20, 50, 70, 100);

    /** The cities that the papers' training sets have no recording of. */
    public static final List<String> UNSEEN_CITIES =
            List.of("Nanchang", "Shenyang", "Guangzhou", "Changchun", "Tianjin", "Taiyuan");

    private static final int PERCENT = 100;

    /**
     * Checks every field.
     *
     * @param bins from 1 to {@value #MOST}
     * @param draws from 1 to {@value #MOST}
     * @param mistakes from 0 to {@value #MOST}
     * @param seed any
     * @param shuffled from 1 to 100, ascending
     * @param unseen from 1 to 100, ascending
     * @param cities at least one if {@code unseen} has any
     * @param repeats from 1 to {@value #MOST}
     * @throws IllegalArgumentException naming the field that is not so
     */
    public EvaluationOptions {
        requireCount("bins", bins, 1);
        requireCount("draws", draws, 1);
        requireCount("mistakes", mistakes, 0);
        requireCount("repeats", repeats, 1);
        shuffled = List.copyOf(shuffled);
        unseen = List.copyOf(unseen);
        cities = List.copyOf(cities);
        requireShares("shuffled", shuffled);
        requireShares("unseen", unseen);
        if (!unseen.isEmpty() && cities.isEmpty()) {
            throw new IllegalArgumentException("cities: found none; expected at least one");
        }
    }

    private static void requireCount(String field, int count, int least) {
        if (count < least || count > MOST) {
            throw new IllegalArgumentException(
                    field + ": found " + count + "; expected a number from " + least + " to " + MOST);
        }
    }

    private static void requireShares(String field, List<Integer> shares) {
        int last = 0;
        for (int share : shares) {
            if (share <= last || share > PERCENT) {
                throw new IllegalArgumentException(
                        field + ": found " + shares + "; expected ascending shares from 1 to 100 percent");
            }
            last = share;
        }
    }

    /**
     * The usual: 15 bins, 1,000 draws, 20 mistakes, seed 0, no curves; with curves, 5 draws for each share and the
     * papers' unseen cities.
     *
     * @return the options
     */
    public static EvaluationOptions usual() {
        return new EvaluationOptions(15, 1000, 20, 0, List.of(), List.of(), UNSEEN_CITIES, 5);
    }

    /**
     * The same with curves.
     *
     * @param shuffledShares shares with permuted contexts, percent
     * @param unseenShares shares with unseen cities, percent
     * @return new options
     */
    public EvaluationOptions withCurves(List<Integer> shuffledShares, List<Integer> unseenShares) {
        return new EvaluationOptions(bins, draws, mistakes, seed, shuffledShares, unseenShares, cities, repeats);
    }
}
