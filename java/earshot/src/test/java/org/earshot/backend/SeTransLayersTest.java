package org.earshot.backend;

import static org.earshot.backend.BackendContractTest.WIDTHS;
import static org.earshot.backend.BackendContractTest.check;

import java.util.List;
import org.earshot.layer.BandNorm;
import org.earshot.layer.TokenPool;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The layers of SE-Trans on every backend; tolerances as {@link BackendContractTest} has them. */
class SeTransLayersTest {
    private static final List<Integer> ONE = List.of(1);
    private static final List<Integer> THREE = List.of(1, 2, 3);

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void bandNorm(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(11);
        for (int bands : WIDTHS) {
            BandNorm layer = new BandNorm(random.normal(1, 0.3, bands), random.normal(0, 1, bands));
            check(maker, layer, random.normal(0, 1, 2, 5, bands, 1));
            check(maker, layer, random.normal(0, 1, 1, 3, bands, 1));
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void squeezeExcitationOfAnyWidth(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(12);
        for (int width : WIDTHS) {
            check(maker, random.squeezeExcitation(3, width, 2, ONE, true), random.normal(0, 1, 2, 5, 7, 3));
            check(maker, random.squeezeExcitation(width, 5, 3, THREE, false), random.normal(0, 1, 1, 7, 6, width));
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void squeezeExcitationOfAnySize(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(13);
        int[][] sizes = {{1, 1}, {1, 9}, {2, 2}, {3, 2}, {4, 17}, {5, 64}, {33, 31}, {70, 16}};
        for (int[] size : sizes) {
            for (List<Integer> scales : List.of(ONE, THREE, List.of(4), List.of(3, 1))) {
                for (boolean pooled : new boolean[] {false, true}) {
                    if (!pooled || Math.min(size[0], size[1]) > 1) {
                        check(
                                maker,
                                random.squeezeExcitation(1, 4, 1, scales, pooled),
                                random.normal(0.5, 1, 2, size[0], size[1], 1));
                    }
                }
            }
        }
        // A large mean and large values, as a network without a norm in front would see: decibels.
        check(maker, random.squeezeExcitation(1, 8, 1, THREE, true), random.normal(-40, 10, 1, 20, 64, 1));
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void tokenPool(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(14);
        for (int width : WIDTHS) {
            check(maker, new TokenPool(width, 16), random.normal(1, 1, 2, 31, 3, width));
        }
        for (int frames : new int[] {1, 2, 15, 16, 17, 32, 125}) {
            check(maker, new TokenPool(5, 16), random.normal(1, 1, 1, frames, 4, 5));
            check(maker, new TokenPool(5, 3), random.normal(1, 1, 1, frames, 1, 5));
        }
    }

    @ParameterizedTest
    @MethodSource("org.earshot.backend.BackendContractTest#backends")
    void transformer(BackendContractTest.Maker maker) {
        RandomLayers random = new RandomLayers(15);
        int[][] headsAndWidths = {{1, 1}, {1, 7}, {3, 3}, {2, 8}, {3, 15}, {8, 16}, {1, 17}, {3, 33}, {8, 64}, {5, 65}};
        for (int[] form : headsAndWidths) {
            check(maker, random.transformer(form[0], form[1], 5), random.normal(0, 1, 2, 16, 1, form[1]));
        }
        for (int tokens : new int[] {1, 2, 7, 17, 33}) {
            check(maker, random.transformer(4, 12, 32), random.normal(0, 1, 3, tokens, 1, 12));
        }
        // Scores so far apart that an exponential without care overflows.
        check(maker, random.transformer(2, 8, 9), random.normal(0, 6, 1, 16, 1, 8));
    }
}
