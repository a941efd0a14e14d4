package org.earshot.spark;

import java.util.List;
import org.earshot.evaluation.Evaluation;

/**
 * What came of {@link EarshotSpark#evaluate}.
 *
 * @param evaluation of the recordings that could be read
 * @param unreadable what is wrong with each of the others, in the set's order
 */
public record SetEvaluation(Evaluation evaluation, List<String> unreadable) {
    /** Copies the list. */
    public SetEvaluation {
        unreadable = List.copyOf(unreadable);
    }
}
