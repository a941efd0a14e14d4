package org.earshot.segmentation;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** {@link Smoothing.HiddenMarkov}. */
final class MarkovChain {
    /** No window, however sure, rules a scene out. */
    private static final double LEAST_PROBABILITY = 1e-6;

    private final int scenes;
    private final double meanStaySeconds;

    MarkovChain(int scenes, Duration meanStay) {
        this.scenes = scenes;
        meanStaySeconds = SegmentationOptions.nanos(meanStay) / 1e9;
    }

    /** The probability that the scene is still the same after a time; never less than that of any other. */
    private double stay(double seconds) {
        return Math.max(1.0 / scenes, Math.exp(-seconds / meanStaySeconds));
    }

    /** The probability that it is a certain other one. */
    private double change(double stay) {
        return scenes == 1 ? 0 : (1 - stay) / (scenes - 1);
    }

    /** How well each scene explains a window, up to a factor. */
    private static double[] likelihoods(ScoredWindow window) {
        return likelihoods(window.probabilities());
    }

    private static double[] likelihoods(float[] probabilities) {
        double[] likelihoods = Smoother.widened(probabilities);
        for (int i = 0; i < likelihoods.length; i++) {
            likelihoods[i] = Math.max(LEAST_PROBABILITY, likelihoods[i]);
        }
        return likelihoods;
    }

    /** The scenes' probabilities a time later or, the chain being symmetric, earlier. */
    private double[] moved(double seconds, double[] probabilities) {
        double stay = stay(seconds);
        double change = change(stay);
        double[] moved = new double[scenes];
        for (int i = 0; i < scenes; i++) {
            moved[i] = stay * probabilities[i] + change * (1 - probabilities[i]);
        }
        return moved;
    }

    private static double[] normalized(double[] a, double[] b) {
        double[] product = new double[a.length];
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            product[i] = a[i] * b[i];
            sum += product[i];
        }
        for (int i = 0; i < a.length; i++) {
            product[i] /= sum;
        }
        return product;
    }

    private double[] uniform() {
        double[] uniform = new double[scenes];
        Arrays.fill(uniform, 1.0 / scenes);
        return uniform;
    }

    /** The probabilities of the scenes after each window, given all windows so far. */
    Smoother forward() {
        double[][] now = {uniform()};
        return (seconds, probabilities) -> {
            now[0] = normalized(moved(seconds, now[0]), likelihoods(probabilities));
            return now[0];
        };
    }

    private static double seconds(List<ScoredWindow> windows, int i) {
        return i == 0 ? 0 : windows.get(i).secondsAfter(windows.get(i - 1));
    }

    /** The probabilities of the scenes in each window, given all windows of a recording. */
    double[][] marginals(List<ScoredWindow> windows) {
        Smoother forward = forward();
        double[][] marginals = new double[windows.size()][];
        for (int i = 0; i < marginals.length; i++) {
            marginals[i] = forward.next(seconds(windows, i), windows.get(i).probabilities());
        }
        double[] after = uniform();
        for (int i = marginals.length - 1; i > 0; i--) {
            after = moved(seconds(windows, i), normalized(after, likelihoods(windows.get(i))));
            marginals[i - 1] = normalized(marginals[i - 1], after);
        }
        return marginals;
    }

    /** The most probable sequence of scenes of a whole recording. */
    int[] viterbi(List<ScoredWindow> windows) {
        int[][] from = new int[windows.size()][scenes];
        double[] best = new double[scenes];
        for (int i = 0; i < windows.size(); i++) {
            double staying = stay(seconds(windows, i));
            double stay = Math.log(staying);
            double change = Math.log(change(staying));
            int leader = leader(best);
            double[] likelihoods = likelihoods(windows.get(i));
            double[] next = new double[scenes];
            for (int scene = 0; scene < scenes; scene++) {
                boolean stays = scene == leader || best[scene] + stay >= best[leader] + change;
                from[i][scene] = stays ? scene : leader;
                next[scene] = (stays ? best[scene] + stay : best[leader] + change) + Math.log(likelihoods[scene]);
            }
            best = next;
        }
        int[] path = new int[windows.size()];
        int scene = leader(best);
        for (int i = path.length - 1; i >= 0; i--) {
            path[i] = scene;
            scene = from[i][scene];
        }
        return path;
    }

    /** The largest; of equals the first. */
    static int leader(double[] values) {
        int leader = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[leader]) {
                leader = i;
            }
        }
        return leader;
    }
}
