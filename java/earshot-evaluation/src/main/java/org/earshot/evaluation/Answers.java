package org.earshot.evaluation;

import java.util.List;

/** What a model answered for every clip of a labelled set, and what would have been right. Immutable. */
public final class Answers {
    private final List<String> labels;
    private final int[] truth;
    private final int[] answers;
    private final float[][] probabilities;

    private Answers(List<String> labels, int[] truth, int[] answers, float[][] probabilities) {
        this.labels = labels;
        this.truth = truth;
        this.answers = answers;
        this.probabilities = probabilities;
    }

    /**
     * Takes the answers, which are the most probable classes; of equally probable ones the first.
     *
     * @param labels the classes
     * @param truth each clip's class, from 0
     * @param probabilities {@code [clips][classes]}
     * @return the answers
     * @throws IllegalArgumentException if there is no clip, the sizes differ, a class does not exist, or a probability
     *     is not a finite number of 0 or more
     */
    public static Answers of(List<String> labels, int[] truth, float[][] probabilities) {
        require(truth.length > 0, "no clip");
        require(truth.length == probabilities.length, truth.length + " truths, " + probabilities.length + " answers");
        float[][] copy = new float[truth.length][];
        int[] answers = new int[truth.length];
        for (int clip = 0; clip < truth.length; clip++) {
            require(truth[clip] >= 0 && truth[clip] < labels.size(), "class " + truth[clip] + " of " + labels.size());
            copy[clip] = probabilities[clip].clone();
            require(copy[clip].length == labels.size(), copy[clip].length + " probabilities, " + labels.size());
            for (float probability : copy[clip]) {
                require(Float.isFinite(probability) && probability >= 0, "probability " + probability);
            }
            answers[clip] = mostProbable(copy[clip]);
        }
        return new Answers(List.copyOf(labels), truth.clone(), answers, copy);
    }

    private static void require(boolean right, String found) {
        if (!right) {
            throw new IllegalArgumentException(found);
        }
    }

    /** The index of the largest value; of equal ones the lowest. */
    static int mostProbable(float... probabilities) {
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            if (probabilities[i] > probabilities[best]) {
                best = i;
            }
        }
        return best;
    }

    /**
     * The classes.
     *
     * @return their names, in the order of the probabilities
     */
    public List<String> labels() {
        return labels;
    }

    /**
     * Number of clips.
     *
     * @return at least 1
     */
    public int clips() {
        return truth.length;
    }

    /**
     * What a clip is.
     *
     * @param clip from 0
     * @return its class
     */
    public int truth(int clip) {
        return truth[clip];
    }

    /**
     * What the model took it for.
     *
     * @param clip from 0
     * @return a class
     */
    public int answer(int clip) {
        return answers[clip];
    }

    /**
     * Whether the answer is right.
     *
     * @param clip from 0
     * @return true if it is
     */
    public boolean correct(int clip) {
        return truth[clip] == answers[clip];
    }

    /**
     * How probable the model found a class.
     *
     * @param clip from 0
     * @param label from 0
     * @return the probability
     */
    public double probability(int clip, int label) {
        return probabilities[clip][label];
    }

    /**
     * The probability of the answer.
     *
     * @param clip from 0
     * @return the largest of the clip's probabilities
     */
    public double confidence(int clip) {
        return probabilities[clip][answers[clip]];
    }
}
