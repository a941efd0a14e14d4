package org.earshot.segmentation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scenes are letters; window i is of ten seconds from second i on, so that its centre is at i + 5. */
class SegmenterTest {
    private static final List<String> LABELS = List.of("A", "B", "C");
    private static final SegmentationOptions NONE = SegmentationOptions.none();

    private static ScoredWindow window(int i, float... probabilities) {
        return new ScoredWindow(Duration.ofSeconds(i), Duration.ofSeconds(i + 10L), probabilities);
    }

    /** One window for each letter, whose scene has probability 0.8. */
    private static List<ScoredWindow> windows(String scenes) {
        List<ScoredWindow> windows = new ArrayList<>();
        for (int i = 0; i < scenes.length(); i++) {
            float[] probabilities = {0.1f, 0.1f, 0.1f};
            probabilities[scenes.charAt(i) - 'A'] = 0.8f;
            windows.add(window(i, probabilities));
        }
        return windows;
    }

    private static List<String> live(SegmentationOptions options, List<ScoredWindow> windows) {
        List<String> told = new ArrayList<>();
        Segmenter segmenter = new Segmenter(LABELS, options, segment -> told.add(text(segment)));
        windows.forEach(segmenter::add);
        segmenter.finish();
        return told;
    }

    private static List<String> whole(SegmentationOptions options, List<ScoredWindow> windows) {
        return Segmenter.segments(LABELS, options, windows).stream()
                .map(SegmenterTest::text)
                .toList();
    }

    private static List<String> both(SegmentationOptions options, String scenes) {
        List<String> whole = whole(options, windows(scenes));
        assertEquals(whole, live(options, windows(scenes)));
        return whole;
    }

    private static String text(SceneSegment segment) {
        return segment.label() + " " + segment.start().toMillis() / 1e3 + "-"
                + segment.end().toMillis() / 1e3;
    }

    /** Windows meet in the middle between their centres: those of windows 2 and 3 are at 7 and 8 s. */
    @Test
    void scenesChangeBetweenTheCentres() {
        assertEquals(List.of("A 0.0-7.5", "B 7.5-14.0"), both(NONE, "AAABB"));
        assertEquals(List.of("C 0.0-10.0"), both(NONE, "C"));
        assertEquals(List.of(), both(NONE, ""));
    }

    @Test
    void theLastWindowMayLieCloser() {
        List<ScoredWindow> windows = new ArrayList<>(windows("AA"));
        windows.add(new ScoredWindow(Duration.ofMillis(1400), Duration.ofMillis(11_400), new float[] {0, 1, 0}));
        assertEquals(List.of("A 0.0-6.2", "B 6.2-11.4"), whole(NONE, windows));
    }

    @Test
    void theProbabilityIsTheMeanOfTheSegmentsWindows() {
        List<ScoredWindow> windows =
                List.of(window(0, 0.5f, 0.3f, 0.2f), window(1, 0.7f, 0.2f, 0.1f), window(2, 0.1f, 0.9f, 0));
        List<SceneSegment> segments = Segmenter.segments(LABELS, NONE, windows);
        assertEquals(0.6f, segments.get(0).probability(), 1e-6f);
        assertEquals(0.9f, segments.get(1).probability(), 1e-6f);
        // B's window counts with what it gave A.
        SegmentationOptions dwell = NONE.withShortestDwell(Duration.ofSeconds(6));
        assertEquals(
                (0.5f + 0.7f + 0.1f) / 3,
                Segmenter.segments(LABELS, dwell, windows).get(0).probability(),
                1e-6f);
    }

    @Test
    void shortPartsBelongToTheOneBefore() {
        SegmentationOptions dwell = NONE.withShortestDwell(Duration.ofSeconds(3));
        assertEquals(List.of("A 0.0-19.0"), both(dwell, "AAAABBAAAA"));
        assertEquals(List.of("A 0.0-8.5", "B 8.5-16.0"), both(dwell, "AAAABBB"));
        // C comes after a B that does not last.
        assertEquals(List.of("A 0.0-10.5", "C 10.5-18.0"), both(dwell, "AAAABBCCC"));
        // At the beginning, to the one behind; at the end, to the one before.
        SegmentationOptions longer = NONE.withShortestDwell(Duration.ofSeconds(8));
        assertEquals(List.of("B 0.0-21.0"), both(longer, "ABBBBBBBBBAA"));
    }

    /** The last scene reaches to the end of its last window, five seconds behind that window's centre. */
    @Test
    void theLastSceneLastsToTheRecordingsEnd() {
        SegmentationOptions dwell = NONE.withShortestDwell(Duration.ofMillis(7500));
        // B from 14.5 s: to 22 s exactly as long as it must be, to 21 s too short.
        assertEquals(List.of("A 0.0-14.5", "B 14.5-22.0"), both(dwell, "AAAAAAAAAABBB"));
        assertEquals(List.of("A 0.0-21.0"), both(dwell, "AAAAAAAAAABB"));
        // The part before the last one does not last; nor is a last one merged with what it was before.
        assertEquals(List.of("A 0.0-11.5", "C 11.5-19.0"), both(dwell, "AAAABBBCCC"));
        assertEquals(List.of("A 0.0-19.0"), both(dwell, "AAAABBBCCB"));
        // A first scene that ends with the recording, too.
        assertEquals(List.of("B 0.0-13.0"), both(dwell, "ABBB"));
        assertEquals(List.of("C 0.0-10.0"), both(dwell, "C"));
        // Where no scene is long enough to enter, that lasts as well.
        SegmentationOptions sure = dwell.withThresholds(0.6, 1);
        List<ScoredWindow> windows = new ArrayList<>(windows("AAAAAAAAAA"));
        for (int i = 10; i < 13; i++) {
            windows.add(window(i, 0.4f, 0.3f, 0.3f));
        }
        assertEquals(List.of("A 0.0-14.5"), whole(sure, windows));
        assertEquals(List.of("A 0.0-14.5"), live(sure, windows));
    }

    /** One segment, and of the scene that the recording as a clip is answered with, not of the one that came last. */
    @Test
    void aRecordingInWhichNoSceneLastsIsOneSegment() {
        SegmentationOptions hour = NONE.withShortestDwell(Duration.ofHours(1));
        assertEquals(List.of("A 0.0-17.0"), both(hour, "AAAAAAAB"));
        assertEquals(List.of("B 0.0-14.0"), both(hour, "BBCBB"));
        assertEquals(List.of("B 0.0-10.0"), both(hour, "B"));
        assertEquals(List.of(), both(hour, ""));
        assertEquals(
                (7 * 0.8f + 0.1f) / 8,
                Segmenter.segments(LABELS, hour, windows("AAAAAAAB")).get(0).probability(),
                1e-6f);
        // None that is too improbable to enter.
        assertEquals(List.of(), both(hour.withThresholds(0.8, 1), "AAAAAAAB"));
    }

    @Test
    void durationsMayBeForEver() {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        assertEquals(List.of("A 0.0-17.0"), both(NONE.withShortestDwell(forEver), "AAAAAAAB"));
        assertEquals(List.of("A 0.0-17.0"), both(NONE.withSmoothing(new Smoothing.Exponential(forEver)), "AAAAAAAB"));
        assertEquals(List.of("A 0.0-17.0"), both(NONE.withSmoothing(new Smoothing.HiddenMarkov(forEver)), "AAAAAAAB"));
    }

    /** Neither twice nor not at all. */
    @Test
    void aListenerThatFailsIsToldEverythingOnce() {
        List<String> told = new ArrayList<>();
        List<String> toldAndFailed = new ArrayList<>();
        for (boolean fails : List.of(false, true)) {
            List<String> events = fails ? toldAndFailed : told;
            SegmentListener listener = new SegmentListener() {
                @Override
                public void began(SceneSegment soFar) {
                    tell("began", soFar);
                }

                @Override
                public void ended(SceneSegment segment) {
                    tell("ended", segment);
                }

                private void tell(String what, SceneSegment segment) {
                    events.add(what + " " + segment);
                    if (fails) {
                        throw new UnsupportedOperationException("not today");
                    }
                }
            };
            Segmenter segmenter = new Segmenter(LABELS, NONE, listener);
            List<Runnable> steps = new ArrayList<>();
            windows("AABBCA").forEach(window -> steps.add(() -> segmenter.add(window)));
            steps.add(segmenter::finish);
            for (Runnable step : steps) {
                try {
                    step.run();
                } catch (UnsupportedOperationException e) {
                    assertTrue(fails);
                }
            }
        }
        assertEquals(8, told.size());
        assertEquals(told, toldAndFailed);
    }

    @Test
    void aSceneIsHeldWhileItIsAboveTheThresholdToLeave() {
        SegmentationOptions held = NONE.withThresholds(0, 0.3);
        List<ScoredWindow> windows = List.of(
                window(0, 0.6f, 0.3f, 0.1f),
                window(1, 0.4f, 0.5f, 0.1f),
                window(2, 0.2f, 0.5f, 0.3f),
                window(3, 0.5f, 0.4f, 0.1f));
        assertEquals(List.of("A 0.0-6.5", "B 6.5-13.0"), whole(held, windows));
        assertEquals(List.of("A 0.0-5.5", "B 5.5-7.5", "A 7.5-13.0"), whole(NONE, windows));
    }

    @Test
    void whereNoSceneReachesTheThresholdToEnterThereIsNoSegment() {
        SegmentationOptions sure = NONE.withThresholds(0.6, 1);
        List<ScoredWindow> windows = List.of(
                window(0, 0.5f, 0.3f, 0.2f),
                window(1, 0.6f, 0.3f, 0.1f),
                window(2, 0.4f, 0.3f, 0.3f),
                window(3, 0.1f, 0.8f, 0.1f));
        assertEquals(List.of("A 5.5-6.5", "B 7.5-13.0"), whole(sure, windows));
        assertEquals(List.of("A 5.5-6.5", "B 7.5-13.0"), live(sure, windows));
        assertEquals(List.of(), whole(NONE.withThresholds(1, 1), windows));
    }

    @Test
    void theExponentialMeanForgetsByItsTimeConstant() {
        Smoother smoother = Smoother.of(new Smoothing.Exponential(Duration.ofSeconds(2)), 2);
        smoother.next(0, new float[] {1, 0});
        double[] after = smoother.next(2, new float[] {0, 1});
        assertArrayEquals(new double[] {1 / Math.E, 1 - 1 / Math.E}, after, 1e-12);
        // A scene wins when the one before has less than half: after ln 2 time constants, the second window of a
        // second.
        SegmentationOptions options = NONE.withSmoothing(new Smoothing.Exponential(Duration.ofSeconds(2)));
        assertEquals(List.of("A 0.0-10.5", "B 10.5-18.0"), both(options, "AAAAABBBB"));
    }

    @Test
    void theMedianPassesOverFewerThanHalf() {
        SegmentationOptions options = NONE.withSmoothing(new Smoothing.Median(5));
        assertEquals(List.of("A 0.0-19.0"), whole(options, windows("AAAABBAAAA")));
        // Around a window, changes stay where they are; of those before it, they come two windows later.
        assertEquals(List.of("A 0.0-9.5", "B 9.5-19.0"), whole(options, windows("AAAAABBBBB")));
        assertEquals(List.of("A 0.0-11.5", "B 11.5-19.0"), live(options, windows("AAAAABBBBB")));
    }

    @Test
    void theChainPassesOverWhatDoesNotLast() {
        SegmentationOptions options = NONE.withSmoothing(new Smoothing.HiddenMarkov(Duration.ofSeconds(60)));
        assertEquals(List.of("A 0.0-19.0"), whole(options, windows("AAAABBAAAA")));
        String journey = "A".repeat(30) + "B".repeat(30);
        assertEquals(List.of("A 0.0-34.5", "B 34.5-69.0"), whole(options, windows(journey)));
        List<String> live = live(options, windows(journey));
        assertEquals(2, live.size());
        assertTrue(live.get(1).startsWith("B "), live.toString());
    }

    /** Against all sequences of scenes, one by one. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theChainIsThatOfAllSequences(long seed) {
        Random random = new Random(seed);
        int scenes = 3;
        int length = 7;
        double meanStay = 1 + 5 * random.nextDouble();
        List<ScoredWindow> windows = new ArrayList<>();
        for (int i = 0, at = 0; i < length; i++, at += 1 + random.nextInt(12)) {
            float a = random.nextFloat();
            float b = (1 - a) * random.nextFloat();
            windows.add(window(at, a, b, 1 - a - b));
        }
        double[][] marginals = new double[length][scenes];
        double[] afterLast = new double[scenes];
        double most = 0;
        int[] best = {};
        for (int code = 0; code < Math.pow(scenes, length); code++) {
            int[] sequence = new int[length];
            for (int i = 0, rest = code; i < length; i++, rest /= scenes) {
                sequence[i] = rest % scenes;
            }
            double probability = probability(windows, sequence, meanStay);
            if (probability > most) {
                most = probability;
                best = sequence;
            }
            for (int i = 0; i < length; i++) {
                marginals[i][sequence[i]] += probability;
            }
            afterLast[sequence[length - 1]] += probability;
        }
        MarkovChain chain = new MarkovChain(scenes, Duration.ofNanos(Math.round(meanStay * 1e9)));
        assertArrayEquals(best, chain.viterbi(windows));
        double[][] actual = chain.marginals(windows);
        double[] live = {};
        Smoother forward = chain.forward();
        for (int i = 0; i < length; i++) {
            double sum = IntStream.range(0, scenes)
                    .mapToDouble(scene -> afterLast[scene])
                    .sum();
            for (int scene = 0; scene < scenes; scene++) {
                assertEquals(marginals[i][scene] / sum, actual[i][scene], 1e-9);
            }
            double seconds = i == 0 ? 0 : windows.get(i).secondsAfter(windows.get(i - 1));
            live = forward.next(seconds, windows.get(i).probabilities());
        }
        double sum = IntStream.range(0, scenes)
                .mapToDouble(scene -> afterLast[scene])
                .sum();
        for (int scene = 0; scene < scenes; scene++) {
            assertEquals(afterLast[scene] / sum, live[scene], 1e-9);
        }
    }

    /** By the definition: each scene stays with probability exp(-t / meanStay), and any other follows alike. */
    private static double probability(List<ScoredWindow> windows, int[] sequence, double meanStay) {
        double product = 1;
        for (int i = 0; i < sequence.length; i++) {
            if (i > 0) {
                double seconds =
                        windows.get(i).start().minus(windows.get(i - 1).start()).toMillis() / 1e3;
                double stay = Math.max(1 / 3.0, Math.exp(-seconds / meanStay));
                product *= sequence[i] == sequence[i - 1] ? stay : (1 - stay) / 2;
            }
            product *= Math.max(1e-6, windows.get(i).probabilities()[sequence[i]]);
        }
        return product;
    }

    @Test
    void segmentsAreToldWhenTheyHaveLastedAndBelongToTheirStart() {
        List<String> told = new ArrayList<>();
        SegmentListener listener = new SegmentListener() {
            @Override
            public void began(SceneSegment soFar) {
                told.add("began " + text(soFar));
            }

            @Override
            public void ended(SceneSegment segment) {
                told.add("ended " + text(segment));
            }
        };
        Segmenter segmenter = new Segmenter(LABELS, NONE.withShortestDwell(Duration.ofSeconds(2)), listener);
        List<ScoredWindow> windows = windows("AAABBB");
        windows.subList(0, 4).forEach(segmenter::add);
        assertEquals(List.of("began A 0.0-10.0"), told);
        segmenter.add(windows.get(4));
        assertEquals(List.of("began A 0.0-10.0", "ended A 0.0-7.5", "began B 7.5-14.0"), told);
        told.clear();
        segmenter.reset();
        assertEquals(List.of(), told);
        segmenter.add(windows.get(0));
        segmenter.finish();
        segmenter.finish();
        assertEquals(List.of("began A 0.0-10.0", "ended A 0.0-10.0"), told);
    }

    @Test
    void wrongOptionsAreRefused() {
        Duration none = Duration.ZERO;
        assertThrows(IllegalArgumentException.class, () -> new Smoothing.Exponential(none));
        assertThrows(IllegalArgumentException.class, () -> new Smoothing.HiddenMarkov(Duration.ofSeconds(-1)));
        assertThrows(IllegalArgumentException.class, () -> new Smoothing.Median(4));
        assertThrows(IllegalArgumentException.class, () -> new Smoothing.Median(-1));
        assertThrows(IllegalArgumentException.class, () -> NONE.withThresholds(-0.1, 1));
        assertThrows(IllegalArgumentException.class, () -> NONE.withThresholds(0, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> NONE.withShortestDwell(Duration.ofNanos(-1)));
        assertThrows(IllegalArgumentException.class, () -> new ScoredWindow(none, none, new float[3]));
    }

    /** The first window lasts as long as the others, although what follows it says so first. */
    @Test
    void theFirstOfWindowsThatDoNotOverlapIsASegment() {
        List<ScoredWindow> windows = new ArrayList<>();
        for (char scene : "ABBC".toCharArray()) {
            float[] probabilities = {0.1f, 0.1f, 0.1f};
            probabilities[scene - 'A'] = 0.8f;
            windows.add(window(10 * windows.size(), probabilities));
        }
        List<String> expected = List.of("A 0.0-10.0", "B 10.0-30.0", "C 30.0-40.0");
        assertEquals(expected, whole(NONE.withShortestDwell(Duration.ofSeconds(10)), windows));
        assertEquals(expected, live(NONE.withShortestDwell(Duration.ofSeconds(10)), windows));
        assertEquals(List.of("B 0.0-40.0"), whole(NONE.withShortestDwell(Duration.ofSeconds(11)), windows));
    }

    /** By every way of smoothing, of a whole recording and window by window. */
    @ParameterizedTest
    @ValueSource(strings = {"NONE", "MEAN", "MEDIAN", "HIDDEN"})
    void whatIsNoRecordingsWindowsIsRefused(String kind) {
        SegmentationOptions options =
                switch (kind) {
                    case "NONE" -> NONE;
                    case "MEAN" -> NONE.withSmoothing(new Smoothing.Exponential(Duration.ofSeconds(5)));
                    case "MEDIAN" -> NONE.withSmoothing(new Smoothing.Median(3));
                    default -> NONE.withSmoothing(new Smoothing.HiddenMarkov(Duration.ofMinutes(1)));
                };
        refused(options, List.of(window(0, 1, 0)), "window from PT0S: found 2 probabilities; expected 3");
        refused(options, List.of(window(0, 1, 0, 0), window(1, 1, 0, 0, 0)), "window from PT1S: found 4");
        refused(
                options,
                List.of(window(4, 1, 0, 0), window(1, 0, 1, 0)),
                "window from PT1S: found behind the one from PT4S");
    }

    private static void refused(SegmentationOptions options, List<ScoredWindow> windows, String said) {
        for (Runnable way : List.<Runnable>of(() -> whole(options, windows), () -> live(options, windows))) {
            String message =
                    assertThrows(IllegalArgumentException.class, way::run).getMessage();
            assertTrue(message.startsWith(said), message);
        }
    }

    @Test
    void timesAndLabelsAreThere() {
        Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
        for (Duration[] times : new Duration[][] {
            {Duration.ZERO, Duration.ZERO}, {Duration.ofNanos(-1), Duration.ofSeconds(1)}, {Duration.ZERO, longest}
        }) {
            assertThrows(
                    IllegalArgumentException.class, () -> new ScoredWindow(times[0], times[1], new float[] {1, 0, 0}));
        }
        assertThrows(IllegalArgumentException.class, () -> new Segmenter(List.of(), NONE, segment -> {}));
        assertThrows(IllegalArgumentException.class, () -> Segmenter.segments(List.of(), NONE, List.of()));
        Duration late = Duration.ofDays(119 * 365);
        List<ScoredWindow> latest = List.of(
                new ScoredWindow(late, late.plusSeconds(10), new float[] {1, 0, 0}),
                new ScoredWindow(late.plusSeconds(10), late.plusSeconds(20), new float[] {0, 1, 0}));
        assertEquals(2, Segmenter.segments(LABELS, NONE, latest).size());
    }
}
