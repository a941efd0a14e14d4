package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.earshot.AudioClip;
import org.earshot.SceneClassifier;
import org.junit.jupiter.api.Test;

class EmbeddingsTest {
    /** The first half of a recording sounds most like the second half of the same one. */
    @Test
    void halvesFindEachOther() throws IOException {
        Map<String, AudioClip> first = new LinkedHashMap<>();
        Map<String, AudioClip> second = new LinkedHashMap<>();
        for (Path sample : Samples.all()) {
            float[] pcm = AudioClip.read(sample).pcm();
            first.put(Samples.label(sample), AudioClip.of(Arrays.copyOf(pcm, pcm.length / 2), Samples.RATE));
            second.put(
                    Samples.label(sample),
                    AudioClip.of(Arrays.copyOfRange(pcm, pcm.length / 2, pcm.length), Samples.RATE));
        }
        try (SceneClassifier classifier = SceneClassifier.load(Samples.MODEL)) {
            first.forEach((label, half) -> assertEquals(
                    label,
                    Embeddings.similarities(classifier, half, second)
                            .keySet()
                            .iterator()
                            .next()));
        }
    }

    @Test
    void aRecordingIsMostLikeItself() throws Exception {
        String wanted = Samples.of("urban-park").toString();
        List<String> lines = Samples.printed(() -> Embeddings.main(Stream.concat(
                        Stream.of(Samples.MODEL.toString(), wanted),
                        Samples.all().stream().map(Path::toString))
                .toArray(String[]::new)));
        assertEquals(10, lines.size(), lines.toString());
        assertEquals("1.000  " + wanted, lines.get(0));
        assertTrue(lines.get(1).compareTo(lines.get(9)) > 0, lines.toString());
    }
}
