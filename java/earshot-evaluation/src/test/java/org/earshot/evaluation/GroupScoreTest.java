package org.earshot.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Locale;
import org.earshot.RecordingContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a machine that writes numbers in other digits. */
class GroupScoreTest {
    private final Locale before = Locale.getDefault();

    @BeforeEach
    void settleInEgypt() {
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        assertEquals("٠٨", "%02d".formatted(8));
    }

    @AfterEach
    void comeBack() {
        Locale.setDefault(before);
    }

    @Test
    void hoursAreNamedAlikeEverywhere() {
        Answers answers = Answers.of(List.of("Bus", "Bar"), new int[] {0, 1}, new float[][] {{1, 0}, {1, 0}});
        List<RecordingContext> contexts = List.of(
                RecordingContext.of(null, LocalDateTime.of(2023, 6, 18, 8, 0)),
                RecordingContext.of(null, LocalDateTime.of(2023, 6, 18, 23, 59)));
        assertEquals(
                List.of(new GroupScore("08", 1, 1), new GroupScore("23", 1, 0)), GroupScore.byHour(answers, contexts));
    }
}
