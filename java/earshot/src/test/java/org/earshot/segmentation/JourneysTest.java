package org.earshot.segmentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Segments of the synthetic journeys of tools/reference/README.md (seed 3001), of whose windows the file has what the
 * demonstration model took them for: one letter for each window of ten seconds, a second apart, then the truth, letter
 * and end of each part.
 */
class JourneysTest {
    private static final List<String> LABELS = List.of("A", "B", "C", "D", "E", "F", "G", "H", "I", "J");

    private record Journey(List<ScoredWindow> windows, List<SceneSegment> truth) {}

    private static List<Journey> journeys() throws IOException {
        List<Journey> journeys = new ArrayList<>();
        List<String> lines = Files.readAllLines(Path.of("src/test/resources/segmentation/journeys.csv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            List<ScoredWindow> windows = new ArrayList<>();
            for (int i = 0; i < cells[0].length(); i++) {
                float[] probabilities = new float[LABELS.size()];
                probabilities[cells[0].charAt(i) - 'A'] = 1;
                windows.add(new ScoredWindow(Duration.ofSeconds(i), Duration.ofSeconds(i + 10L), probabilities));
            }
            List<SceneSegment> truth = new ArrayList<>();
            Duration start = Duration.ZERO;
            for (String part : cells[1].split(" ", -1)) {
                Duration end = Duration.ofMillis(Math.round(1000 * Double.parseDouble(part.substring(1))));
                truth.add(new SceneSegment(start, end, part.substring(0, 1), 1));
                start = end;
            }
            journeys.add(new Journey(windows, truth));
        }
        return journeys;
    }

    private static double rightSeconds(List<SceneSegment> truth, List<SceneSegment> found) {
        double right = 0;
        for (SceneSegment expected : truth) {
            for (SceneSegment actual : found) {
                if (expected.label().equals(actual.label())) {
                    right += Math.max(
                            0,
                            Math.min(expected.endSeconds(), actual.endSeconds())
                                    - Math.max(expected.startSeconds(), actual.startSeconds()));
                }
            }
        }
        return right;
    }

    /** More of the time is right, and changes are found about as often as there are some, not half as often again. */
    @Test
    void theDefaultsAreBetterThanNone() throws IOException {
        double rightByDefault = 0;
        double rightWithout = 0;
        int changes = 0;
        int changesByDefault = 0;
        int changesWithout = 0;
        for (Journey journey : journeys()) {
            List<SceneSegment> byDefault = Segmenter.segments(LABELS, SegmentationOptions.defaults(), journey.windows);
            List<SceneSegment> without = Segmenter.segments(LABELS, SegmentationOptions.none(), journey.windows);
            rightByDefault += rightSeconds(journey.truth, byDefault);
            rightWithout += rightSeconds(journey.truth, without);
            changes += journey.truth.size() - 1;
            changesByDefault += byDefault.size() - 1;
            changesWithout += without.size() - 1;
        }
        assertEquals(12 * 7, changes);
        assertTrue(rightByDefault > rightWithout, rightByDefault + " and " + rightWithout + " s");
        assertTrue(
                Math.abs(changesByDefault - changes) < Math.abs(changesWithout - changes),
                changesByDefault + " and " + changesWithout + " changes of " + changes);
    }

    /** The defaults are the same live. */
    @Test
    void liveTheDefaultsFindTheSameSegments() throws IOException {
        for (Journey journey : journeys()) {
            List<SceneSegment> live = new ArrayList<>();
            Segmenter segmenter = new Segmenter(LABELS, SegmentationOptions.defaults(), live::add);
            journey.windows.forEach(segmenter::add);
            segmenter.finish();
            assertEquals(Segmenter.segments(LABELS, SegmentationOptions.defaults(), journey.windows), live);
        }
    }
}
