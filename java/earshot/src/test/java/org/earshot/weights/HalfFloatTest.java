package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HalfFloatTest {
    /** IEEE 754-2019, 3.4: binary16 has 5 bits of exponent, bias 15, and 10 bits of fraction. */
    @Test
    void everyBitPatternHasTheValueOfTheStandard() {
        for (int bits = 0; bits <= 0xffff; bits++) {
            int exponent = (bits >> 10) & 31;
            int fraction = bits & 1023;
            double sign = bits >> 15 == 0 ? 1 : -1;
            float found = HalfFloat.toFloat((short) bits);
            if (exponent == 31) {
                assertTrue(fraction == 0 ? found == sign * Double.POSITIVE_INFINITY : Float.isNaN(found));
            } else {
                double magnitude =
                        exponent == 0 ? Math.scalb(fraction, -24) : Math.scalb(1024 + fraction, exponent - 25);
                assertEquals((float) (sign * magnitude), found, "bits " + bits);
            }
        }
    }
}
