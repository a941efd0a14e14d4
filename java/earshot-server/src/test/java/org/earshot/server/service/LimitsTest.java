package org.earshot.server.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LimitsTest {
    /** Who is told to come again, as there is no memory now, is to have it some day. */
    @Test
    void noBodyIsLargerThanWhatAllOfThemHave() {
        Limits limits = Limits.DEFAULT;
        Limits small = limits.within(1000);
        assertEquals(1000, small.bodyBytes());
        assertEquals(limits.streams(), small.streams());
        assertEquals(limits, limits.within(limits.bodyBytes()));
        assertEquals(limits, limits.within(1L << 40));
    }
}
