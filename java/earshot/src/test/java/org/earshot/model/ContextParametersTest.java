package org.earshot.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.LocalDateTime;
import java.util.List;
import org.earshot.error.ContextException;
import org.earshot.model.ContextParameters.TimeEncoding;
import org.earshot.model.ContextParameters.UnknownLocation;
import org.junit.jupiter.api.Test;

class ContextParametersTest {
    /** One rounding to float32 of values of at most 1. */
    private static final float HALF_ULP = 0x1p-24f;

    private static ContextParameters parameters(TimeEncoding encoding, UnknownLocation unknown) {
        return new ContextParameters(List.of("Xi'an", "Beijing"), encoding, unknown);
    }

    @Test
    void citiesAreFoundHoweverTheyAreWritten() {
        ContextParameters parameters = parameters(TimeEncoding.CYCLIC, UnknownLocation.ERROR);
        assertEquals(1, parameters.locationRow("Beijing"));
        assertEquals(1, parameters.locationRow(" beijing "));
        assertEquals(0, parameters.locationRow("Xi\u2019an"));
    }

    @Test
    void anUnknownCityFollowsThePolicy() {
        assertEquals(0, parameters(TimeEncoding.CYCLIC, UnknownLocation.FIRST).locationRow("Paris"));
        assertEquals(2, parameters(TimeEncoding.CYCLIC, UnknownLocation.MEAN).locationRow("Paris"));
        assertEquals(2, parameters(TimeEncoding.CYCLIC, UnknownLocation.MEAN).locationRow(null));
        ContextParameters strict = parameters(TimeEncoding.CYCLIC, UnknownLocation.ERROR);
        String message = assertThrows(ContextException.class, () -> strict.locationRow("Paris"))
                .getMessage();
        assertEquals("city: found \"Paris\"; expected one of Xi'an, Beijing", message);
        assertThrows(ContextException.class, () -> strict.locationRow(null));
    }

    @Test
    void timeFeaturesAreSineAndCosineInTheOrderOfTheSpecification() {
        ContextParameters parameters = parameters(TimeEncoding.CYCLIC, UnknownLocation.FIRST);
        // Monday 2023-06-19 18:45: a quarter turn back for the hour and the minute, half a turn for the month.
        assertArrayEquals(
                new float[] {-1, 0, 0, -1, 0, 1, -1, 0},
                parameters.timeFeatures(LocalDateTime.of(2023, 6, 19, 18, 45)),
                HALF_ULP);
        // Thursday is 3 of 7, September 9 of 12.
        float[] thursday = parameters.timeFeatures(LocalDateTime.of(2023, 9, 21, 0, 0));
        assertEquals((float) Math.sin(2 * Math.PI * 3 / 7), thursday[4], HALF_ULP);
        assertEquals((float) Math.cos(2 * Math.PI * 3 / 7), thursday[5], HALF_ULP);
        assertEquals(-1, thursday[2], HALF_ULP);
    }

    @Test
    void zerosWhereTheNetworkOnlySawZeros() {
        LocalDateTime time = LocalDateTime.of(2023, 6, 19, 18, 45);
        assertArrayEquals(
                new float[8],
                parameters(TimeEncoding.ZEROS, UnknownLocation.FIRST).timeFeatures(time));
        assertArrayEquals(
                new float[8],
                parameters(TimeEncoding.CYCLIC, UnknownLocation.FIRST).timeFeatures(null));
    }

    @Test
    void refusesBadLists() {
        for (List<String> cities : List.of(List.<String>of(), List.of(" "), List.of("Xi'an", "xi\u2019an"))) {
            assertTrue(assertThrows(
                            IllegalArgumentException.class,
                            () -> new ContextParameters(cities, TimeEncoding.CYCLIC, UnknownLocation.FIRST))
                    .getMessage()
                    .startsWith("locations: found "));
        }
    }
}
