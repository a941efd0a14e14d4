package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.earshot.segmentation.SceneSegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LongRecordingTest {
    @Test
    void theSceneChangesWhenItDoes(@TempDir Path folder) throws IOException {
        Path file = Samples.busThenMetro(folder.resolve("journey.wav"));
        List<SceneSegment> segments = LongRecording.segments(Samples.MODEL, file);
        assertEquals("Bus", segments.get(0).label());
        assertEquals(0, segments.get(0).startSeconds());
        SceneSegment last = segments.get(segments.size() - 1);
        assertEquals("Metro", last.label());
        assertEquals(20, last.startSeconds(), 5);
    }

    @Test
    void aShortRecordingIsOnePart() throws Exception {
        assertEquals(
                List.of("     0.0 s  Traffic street"),
                Samples.printed(() -> LongRecording.main(new String[] {
                    Samples.MODEL.toString(), Samples.of("traffic-street").toString()
                })));
    }
}
