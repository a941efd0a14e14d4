package org.earshot.segmentation;

import java.time.Duration;

/** How the probabilities of successive windows are smoothed before they are compared. */
public sealed interface Smoothing {
    /** Each window is taken as it is. */
    record None() implements Smoothing {}

    /**
     * Windows count the less the longer they are past: after time t by exp(-t / timeConstant). Scenes change later by
     * about the time constant.
     *
     * @param timeConstant positive
     */
    record Exponential(Duration timeConstant) implements Smoothing {
        /** Checks the time constant. */
        public Exponential {
            requirePositive("time constant", timeConstant);
        }
    }

    /**
     * The median of each scene's probabilities over some windows: of a whole recording those around each window, of
     * live sound those before it, so that scenes change half as many windows later.
     *
     * @param windows how many, an odd number
     */
    record Median(int windows) implements Smoothing {
        /** Checks the number. */
        public Median {
            if (windows < 1 || windows % 2 == 0) {
                throw new IllegalArgumentException("median of " + windows + " windows; expected an odd number");
            }
        }
    }

    /**
     * A hidden Markov chain over the scenes: each lasts, on average, for a given time, and any other may follow. After
     * a time t the scene is still the same with probability exp(-t / meanStay). Of a whole recording the most probable
     * sequence of scenes is taken (Viterbi), of live sound the most probable scene after all that was heard (the
     * forward algorithm; L. R. Rabiner, "A tutorial on hidden Markov models", 1989).
     *
     * @param meanStay how long a scene lasts on average, positive
     */
    record HiddenMarkov(Duration meanStay) implements Smoothing {
        /** Checks the time. */
        public HiddenMarkov {
            requirePositive("mean stay", meanStay);
        }
    }

    private static void requirePositive(String name, Duration duration) {
        if (duration.isZero() || duration.isNegative()) {
            throw new IllegalArgumentException(name + ": " + duration + "; expected a positive duration");
        }
    }
}
