package org.earshot.audio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AudioFormatTest {
    @Test
    void everyEndingLeadsToItsFormat() {
        Set<String> seen = new HashSet<>();
        for (AudioFormat format : AudioFormat.values()) {
            for (String ending : format.endings()) {
                assertTrue(seen.add(ending), ending + " is listed twice");
                assertEquals(Optional.of(format), AudioFormat.ofName(Path.of("some", "street.x." + ending)));
                assertEquals(
                        Optional.of(format), AudioFormat.ofName(Path.of("STREET." + ending.toUpperCase(Locale.ROOT))));
            }
        }
    }

    @Test
    void otherNamesAreNoRecordings() {
        for (String name :
                new String[] {"wav", ".wav", "street.txt", "street.", "street", "..", "/", "street.wav.zip"}) {
            assertEquals(Optional.empty(), AudioFormat.ofName(Path.of(name)), name);
        }
    }
}
