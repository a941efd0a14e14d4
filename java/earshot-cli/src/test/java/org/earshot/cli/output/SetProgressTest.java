package org.earshot.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SetProgressTest {
    /** 300 of 1000 clips in 100 s are 3 a second; the other 700 take 233 s more. */
    @Test
    void progressTellsSpeedAndTimeLeft() {
        assertEquals(
                "scores: 500 of 1200 clips, 3.0 clips/s, 3:53 left",
                SetProgress.line("scores", 500, 1200, 300, Duration.ofSeconds(100)));
    }
}
