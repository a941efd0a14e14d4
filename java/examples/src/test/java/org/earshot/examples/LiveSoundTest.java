package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.segmentation.SceneSegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveSoundTest {
    private static final int HEADER_BYTES = 44;

    @Test
    void aChangeIsTold(@TempDir Path folder) throws IOException {
        Path file = Samples.busThenMetro(folder.resolve("journey.wav"));
        byte[] bytes = Files.readAllBytes(file);
        List<SceneSegment> segments = new ArrayList<>();
        LiveSound.listen(
                Samples.MODEL,
                new ByteArrayInputStream(Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length)),
                Samples.RATE,
                segments::add);
        assertEquals("Bus", segments.get(0).label());
        SceneSegment last = segments.get(segments.size() - 1);
        assertEquals("Metro", last.label());
        assertEquals(20, last.startSeconds(), 5);
        assertEquals(40, last.endSeconds(), 1e-6);
        assertTrue(segments.size() < 4, segments.toString());
    }
}
