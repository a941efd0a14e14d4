package org.earshot.backend.portable;

import java.util.ArrayList;
import java.util.List;

/**
 * The rows one worker keeps its tiles in. Steps of an execution run one after another, so all of them share the same
 * rows: each takes them at bind time, from the first on, and only the largest step decides how many there are.
 */
final class RowPool {
    private final List<float[]> rows = new ArrayList<>();

    /** Starts taking rows for one step. */
    Taker taker() {
        return new Taker();
    }

    /** Hands out rows, each once. */
    final class Taker {
        private int next;

        /** Where this taker stands, to hand out the following rows once more to something that runs at another time. */
        int mark() {
            return next;
        }

        /** Goes back to a mark. */
        void reset(int mark) {
            next = mark;
        }

        /** Rows of at least the given length, contents undefined. */
        float[][] take(int count, int length) {
            float[][] taken = new float[count][];
            for (int i = 0; i < count; i++) {
                taken[i] = take(length);
            }
            return taken;
        }

        /** One row of at least the given length, contents undefined. */
        float[] take(int length) {
            if (next == rows.size()) {
                rows.add(new float[length]);
            } else if (rows.get(next).length < length) {
                rows.set(next, new float[length]);
            }
            return rows.get(next++);
        }
    }
}
