package org.earshot.benchmarks;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** The check before timing must be able to fail. */
class AgreementTest {
    /** Standard deviation 1, so that the tolerance is absolute. */
    private static final float[] EXPECTED = {-1, 1, -1, 1};

    private static void check(float... actual) {
        Agreement.require("test", actual, EXPECTED);
    }

    @Test
    void takesWhatIsWithinTheTolerance() {
        assertDoesNotThrow(() -> check(-1, 1, -1, 1.00009f));
    }

    @Test
    void refusesWhatIsNot() {
        assertThrows(IllegalStateException.class, () -> check(-1, 1, -1, 1.00011f));
        assertThrows(IllegalStateException.class, () -> check(-1, Float.NaN, -1, 1));
        assertThrows(IllegalStateException.class, () -> check(-1, 1, -1, Float.POSITIVE_INFINITY));
        assertThrows(IllegalStateException.class, () -> check(-1, 1, -1));
    }
}
