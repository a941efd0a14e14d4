package org.earshot.backend;

import static org.earshot.backend.BackendContractTest.WIDTHS;
import static org.earshot.backend.BackendContractTest.check;

import org.earshot.layer.Concatenation;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The layers of MobileASCNet on every backend; tolerances as {@link BackendContractTest} has them. */
class MobileAscNetLayersTest {
    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void residualSeparableOfAnyWidth(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(21);
        for (int width : WIDTHS) {
            check(maker, random.residualSeparable(2, width, false), random.normal(0, 1, 2, 5, 7, 2));
            check(maker, random.residualSeparable(width, 3, false), random.normal(0, 1, 1, 6, 4, width));
            check(maker, random.residualSeparable(width, width, true), random.normal(0, 1, 2, 3, 4, width));
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void residualSeparableOfAnySize(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(22);
        int[][] sizes = {{2, 2}, {3, 2}, {2, 33}, {17, 3}, {4, 64}, {33, 31}, {70, 16}};
        for (int[] size : sizes) {
            check(maker, random.residualSeparable(1, 4, false), random.normal(0, 1, 2, size[0], size[1], 1));
            check(maker, random.residualSeparable(3, 3, true), random.normal(0, 1, 2, size[0], size[1], 3));
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void gru(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(23);
        for (int width : WIDTHS) {
            check(maker, random.gru(width, 5), random.normal(0, 1, 2, 6, 1, width));
            check(maker, random.gru(6, width), random.normal(0, 1, 2, 9, 3, 2));
        }
        check(maker, random.gru(8, 4), random.normal(0, 1, 3, 1, 4, 2));
        check(maker, random.gru(4, 3), random.normal(0, 1, 1, 300, 2, 2));
        // Gates driven to 0 and 1.
        check(maker, random.gru(4, 3), random.normal(0, 200, 1, 20, 2, 2));
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void gatedFusion(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(24);
        for (int width : WIDTHS) {
            check(maker, random.gatedFusion(width), random.normal(0, 1, 3, width));
        }
        check(maker, random.gatedFusion(5), random.normal(0, 300, 2, 5));
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void concatenation(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(25);
        for (int width : WIDTHS) {
            check(maker, new Concatenation(width, 3), random.normal(0, 1, 2, width), random.normal(0, 1, 2, 3));
            check(maker, new Concatenation(2, width), random.normal(0, 1, 2, 2), random.normal(0, 1, 2, width));
        }
    }
}
