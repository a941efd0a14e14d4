package org.earshot.labelling;

import static org.earshot.labelling.Step.DROPPED;
import static org.earshot.labelling.Step.FIRST;
import static org.earshot.labelling.Step.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables worked out by hand from the paper's rule: rank, keep the top share, ask the second model of the rest. */
class SelectionTest {
    private static final LabellingRule PAPER = new LabellingRule(0.9, 0);

    private static Answer two(String name, String first, double confidence, String second) {
        return new Answer(name, first, (float) confidence, Optional.of(second));
    }

    private static Answer one(String name, double confidence) {
        return new Answer(name, "Bus", (float) confidence, Optional.empty());
    }

    @Test
    void ofTenClipsTheLeastSureIsAskedAgain() {
        List<Answer> answers = new ArrayList<>(List.of(
                two("a", "Bus", 0.91, "Bar"),
                two("b", "Bus", 0.55, "Bar"),
                two("c", "Bar", 0.99, "Bus"),
                two("d", "Bar", 0.31, "Bar"), // the least sure
                two("e", "Metro", 0.70, "Bus"),
                two("f", "Metro", 0.71, "Bus"),
                two("g", "Metro", 0.72, "Bus"),
                two("h", "Metro", 0.73, "Bus"),
                two("i", "Metro", 0.74, "Bus"),
                two("j", "Metro", 0.32, "Bus")));
        assertEquals(
                List.of(FIRST, FIRST, FIRST, SECOND, FIRST, FIRST, FIRST, FIRST, FIRST, FIRST),
                Selection.of(PAPER, answers));
        answers.set(3, two("d", "Bar", 0.31, "Bus"));
        assertEquals(
                List.of(FIRST, FIRST, FIRST, DROPPED, FIRST, FIRST, FIRST, FIRST, FIRST, FIRST),
                Selection.of(PAPER, answers));
    }

    @Test
    void halfOfFourIsTwoAndTheOthersNeedAgreement() {
        List<Answer> answers = List.of(
                two("a", "Bus", 0.4, "Bus"),
                two("b", "Bus", 0.8, "Bar"),
                two("c", "Bar", 0.3, "Bus"),
                two("d", "Bar", 0.9, "Bar"));
        assertEquals(List.of(SECOND, FIRST, DROPPED, FIRST), Selection.of(new LabellingRule(0.5, 0), answers));
        assertEquals(List.of(SECOND, DROPPED, DROPPED, SECOND), Selection.of(new LabellingRule(0, 0), answers));
        assertEquals(List.of(FIRST, FIRST, FIRST, FIRST), Selection.of(new LabellingRule(1, 0), answers));
    }

    @Test
    void atEqualScoresTheFileNameDecidesWhateverTheOrder() {
        List<Answer> answers = new ArrayList<>(
                List.of(one("clip_10", 0.5), one("clip_2", 0.5), one("clip_1", 0.5), one("a", 0.4), one("z", 0.6)));
        // z, then of the equals clip_1, clip_10 (as texts), clip_2: three of five keep their label.
        for (int seed = 0; seed < 10; seed++) {
            Collections.shuffle(answers, new Random(seed));
            List<Step> steps = Selection.of(new LabellingRule(0.6, 0), answers);
            for (int i = 0; i < answers.size(); i++) {
                boolean kept = List.of("z", "clip_1", "clip_10")
                        .contains(answers.get(i).name());
                assertEquals(
                        kept ? FIRST : DROPPED, steps.get(i), answers.get(i).name());
            }
        }
    }

    @Test
    void aLeastConfidenceHoldsInStepOneOnly() {
        List<Answer> answers = List.of(
                two("a", "Bus", 0.9, "Bar"), two("b", "Bus", 0.5, "Bar"), two("c", "Bus", 0.49, "Bus"), one("d", 0.4));
        assertEquals(List.of(FIRST, FIRST, SECOND, DROPPED), Selection.of(new LabellingRule(1, 0.5), answers));
    }

    @ParameterizedTest
    @CsvSource({
        "0.9, 1, 1",
        "0.9, 2, 2", // 1.8
        "0.9, 4, 4", // 3.6
        "0.9, 5, 5", // 4.5: a half up
        "0.9, 6, 5", // 5.4
        "0.9, 10, 9",
        "0.9, 8700, 7830",
        "0.5, 1, 1",
        "0.4, 1, 0",
        "0.29, 50, 15", // 14.5 in decimal; 14.499999999999998 in binary
        "0, 7, 0",
        "1, 7, 7"
    })
    void sharesAreRoundedToTheNearest(double share, int clips, int expected) {
        assertEquals(expected, new LabellingRule(share, 0).count(clips));
    }

    @Test
    void oneClipKeepsItsLabel() {
        assertEquals(List.of(FIRST), Selection.of(PAPER, List.of(two("a", "Bus", 0.1, "Bar"))));
        assertEquals(List.of(), Selection.of(PAPER, List.of()));
    }

    @Test
    void whatIsNoNumberIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Selection.of(PAPER, List.of(one("a", Double.NaN))));
        for (double bad : new double[] {-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> new LabellingRule(bad, 0));
            assertThrows(IllegalArgumentException.class, () -> new LabellingRule(0.9, bad));
        }
    }
}
