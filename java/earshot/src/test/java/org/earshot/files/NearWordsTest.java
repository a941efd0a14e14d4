package org.earshot.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearWordsTest {
    @ParameterizedTest
    @CsvSource({"'','',0", "abc,'',3", "kitten,sitting,3", "ctiy,city,1", "ca,abc,3", "flaw,lawn,2", "ab,ba,1"})
    void distancesAreTheTextbooks(String a, String b, int distance) {
        assertEquals(distance, EditDistance.of(a, b));
        assertEquals(distance, EditDistance.of(b, a));
    }

    @ParameterizedTest
    @CsvSource({"Xian,Xi'an", "Urumqi,\u00dcr\u00fcmqi", "jinang,Jinan", "Kunm,Kunming", "--ctiy,--city", "XIAN ,Xi'an"
    })
    void wordsThatPeopleMeanAreFound(String word, String meant) {
        List<String> known = List.of("Xi'an", "Jinan", "Kunming", "\u00dcr\u00fcmqi", "--city", "--cities", "Sanya");
        assertEquals(meant, NearWords.of(word, known).get(0));
    }

    @Test
    void whatIsNotNearIsNotSuggested() {
        assertEquals("", NearWords.hint("Paris", List.of("Xi'an", "Jinan")));
        assertEquals("", NearWords.hint("a", List.of("b")));
        assertEquals("", NearWords.hint("", List.of("b", "")).replace("; did you mean ?", ""));
        assertEquals("; did you mean Jinan?", NearWords.hint("Jnan", List.of("Xi'an", "Jinan")));
    }

    /** A file may hold words of any length and number. */
    @Test
    void hostileWordsCostLittle() {
        String huge = "x".repeat(50_000_000);
        assertEquals(List.of(), NearWords.of(huge, List.of(huge)));
        assertEquals(List.of(), NearWords.of("abc", Collections.nCopies(10, huge)));
    }
}
