package org.earshot.evaluation;

import java.util.List;
import java.util.stream.IntStream;

/**
 * One class's row of the per-class table.
 *
 * @param label the class
 * @param clips clips of it (its support)
 * @param recall share of its clips that were answered right; NaN if it has no clip
 * @param precision share of right answers among the answers that named it; NaN if none did
 * @param f1 harmonic mean of both, 0 where nothing was right; NaN if it has no clip
 */
public record ClassScore(String label, int clips, double recall, double precision, double f1) {
    /**
     * The whole table.
     *
     * @param confusion answers by truth
     * @return a row for each class, in the order of the matrix
     */
    public static List<ClassScore> of(ConfusionMatrix confusion) {
        return IntStream.range(0, confusion.labels().size())
                .mapToObj(label -> of(confusion, label))
                .toList();
    }

    private static ClassScore of(ConfusionMatrix confusion, int label) {
        int right = confusion.count(label, label);
        int clips = confusion.support(label);
        int answered = confusion.answered(label);
        // Without clips or answers the quotients are 0/0, NaN. 2 P R / (P + R) is 2 right / (clips + answered), which
        // also holds where P is not defined.
        return new ClassScore(
                confusion.labels().get(label),
                clips,
                (double) right / clips,
                (double) right / answered,
                clips == 0 ? Double.NaN : 2.0 * right / (clips + answered));
    }
}
