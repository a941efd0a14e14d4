package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LongRecordingTest {
    /**
     * 20 s in a bus, then 20 s in the metro. Windows of 10 s begin every 5 s: the one from 15 s on has heard both,
     * those before and behind it only one.
     */
    @Test
    void theSceneChangesWhenItDoes(@TempDir Path folder) throws IOException {
        Path file = Samples.joined(
                folder.resolve("journey.wav"),
                Stream.concat(
                                Collections.nCopies(4, Samples.of("bus")).stream(),
                                Collections.nCopies(4, Samples.of("metro")).stream())
                        .toList());
        List<LongRecording.Part> parts = LongRecording.parts(Samples.MODEL, file);
        assertEquals(new LongRecording.Part(Duration.ZERO, "Bus"), parts.get(0));
        Set<Duration> change = Set.of(Duration.ofSeconds(15), Duration.ofSeconds(20));
        assertTrue(change.contains(parts.get(1).start()), parts.toString());
        LongRecording.Part last = parts.get(parts.size() - 1);
        assertTrue(last.label().equals("Metro") && change.contains(last.start()), parts.toString());
    }

    @Test
    void aShortRecordingIsOnePart() throws Exception {
        assertEquals(
                List.of("     0 s  Traffic street"),
                Samples.printed(() -> LongRecording.main(new String[] {
                    Samples.MODEL.toString(), Samples.of("traffic-street").toString()
                })));
    }
}
