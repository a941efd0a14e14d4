package org.earshot.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.earshot.AudioClip;
import org.earshot.CallOptions;
import org.earshot.ClassifierEvent;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.error.AudioException;
import org.junit.jupiter.api.Test;

/** What Prometheus would scrape, against what was called. */
class ClassifierMetricsTest {
    private static final Path GOLDEN = Path.of("../earshot/src/test/resources/golden");
    private static final Path MODEL = GOLDEN.resolve("mobile-asc-net-early");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ClassifierMetrics metrics = new ClassifierMetrics(registry);

    /** Values by name and labels, in Prometheus' text format. */
    private Map<String, Double> scrape() {
        Map<String, Double> values = new TreeMap<>();
        registry.scrape().lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int blank = line.lastIndexOf(' ');
            values.put(line.substring(0, blank), Double.parseDouble(line.substring(blank + 1)));
        });
        return values;
    }

    private static AudioClip clip() {
        Random random = new Random(1);
        float[] pcm = new float[44_100];
        for (int i = 0; i < pcm.length; i++) {
            pcm[i] = (float) (0.1 * random.nextGaussian());
        }
        return AudioClip.of(pcm, 44_100);
    }

    private static String labels(SceneClassifier classifier) {
        return "architecture=\"mobile-asc-net\",backend=\"" + classifier.backend() + "\",model=\""
                + classifier.modelDigest().substring(0, 12) + "\"";
    }

    @Test
    void callsAreCountedByPhaseAndOutcome() {
        try (SceneClassifier classifier =
                SceneClassifier.builder(MODEL).listener(metrics).load()) {
            for (int i = 0; i < 3; i++) {
                classifier.classify(clip(), RecordingContext.of("Nowhere", null));
            }
            AudioClip empty = AudioClip.of(new float[0], 44_100);
            assertThrows(AudioException.class, () -> classifier.classify(empty, RecordingContext.unknown()));

            Map<String, Double> values = scrape();
            String answered = "{" + labels(classifier) + ",outcome=\"answered\"";
            assertEquals(3, values.get("earshot_call_seconds_count" + answered + "}"), values.toString());
            assertEquals(1, values.get("earshot_call_seconds_count" + answered.replace("answered", "refused") + "}"));
            double all = values.get("earshot_call_seconds_sum" + answered + "}");
            double phases = 0;
            for (String phase : List.of("queued", "decode", "features", "network")) {
                String of = answered + ",phase=\"" + phase + "\"}";
                assertEquals(3, values.get("earshot_call_phase_seconds_count" + of), phase);
                phases += values.get("earshot_call_phase_seconds_sum" + of);
            }
            // Sums of a dozen doubles of a few seconds.
            assertEquals(all, phases, 1e-9);
            assertTrue(values.get("earshot_call_phase_seconds_sum" + answered + ",phase=\"network\"}") > 0);
            assertEquals(3, values.get("earshot_windows_total{" + labels(classifier) + "}"));
            assertEquals(3, values.get("earshot_unknown_cities_total"));
            // The histogram reaches to a minute, and counts each call once.
            long buckets = values.keySet().stream()
                    .filter(name -> name.startsWith("earshot_call_seconds_bucket" + answered))
                    .count();
            assertTrue(buckets > 20, buckets + " buckets");
            assertEquals(3, values.get("earshot_call_seconds_bucket" + answered + ",le=\"+Inf\"}"));
        }
    }

    /** Times that are known: a call that waited in vain has no other phase. */
    @Test
    void aPhaseThatACallDidNotComeToIsNotCounted() {
        metrics.callEnded(new ClassifierEvent(
                "0123456789abcdef", "se-trans", "cpu", ClassifierEvent.Outcome.BUSY, 2_000_000_000, 0, 0, 0, 0, 0));
        metrics.callEnded(new ClassifierEvent(
                "0123456789abcdef",
                "se-trans",
                "cpu",
                ClassifierEvent.Outcome.ANSWERED,
                1_000_000,
                2_000_000,
                3_000_000,
                4_000_000,
                5,
                8));
        Map<String, Double> values = scrape();
        String model = "{architecture=\"se-trans\",backend=\"cpu\",model=\"0123456789ab\"";
        assertEquals(2, values.get("earshot_call_seconds_sum" + model + ",outcome=\"busy\"}"));
        assertEquals(2, values.get("earshot_call_phase_seconds_sum" + model + ",outcome=\"busy\",phase=\"queued\"}"));
        assertEquals(
                0, values.get("earshot_call_phase_seconds_count" + model + ",outcome=\"busy\",phase=\"network\"}"));
        assertEquals(0.010, values.get("earshot_call_seconds_sum" + model + ",outcome=\"answered\"}"), 1e-12);
        assertEquals(5, values.get("earshot_windows_total" + model + "}"));
        assertEquals(8, values.get("earshot_batch_size_sum" + model + "}"));
        assertEquals(1, values.get("earshot_batch_size_count" + model + "}"));
    }

    /** Two classifiers of one model are summed; closed ones count for nothing, and their gauges go. */
    @Test
    void gaugesFollowTheClassifiers() {
        SceneClassifier first = SceneClassifier.builder(MODEL)
                .threads(1)
                .sessions(2)
                .listener(metrics)
                .load();
        SceneClassifier second = SceneClassifier.builder(MODEL)
                .threads(1)
                .sessions(3)
                .listener(metrics)
                .load();
        String tags = "{" + labels(first) + "}";
        assertEquals(5, scrape().get("earshot_sessions" + tags));
        assertEquals(2, scrape().get("earshot_ready" + tags));
        assertEquals(0, scrape().get("earshot_calls_running" + tags));
        assertEquals(0, scrape().get("earshot_calls_waiting" + tags));
        first.close();
        assertEquals(3, scrape().get("earshot_sessions" + tags));
        assertEquals(1, scrape().get("earshot_ready" + tags));
        second.close();
        assertEquals(0, scrape().get("earshot_ready" + tags));

        try (SceneClassifier other = SceneClassifier.builder(GOLDEN.resolve("mobile-asc-net-none"))
                .threads(1)
                .listener(metrics)
                .load()) {
            Map<String, Double> values = scrape();
            assertEquals(1, values.get("earshot_ready{" + labels(other) + "}"), values.toString());
            assertTrue(values.keySet().stream().noneMatch(name -> name.startsWith("earshot_ready" + tags)));
        }
    }

    /** A service that is given a new model every night does not tell of all of them for ever. */
    @Test
    void metersGoWithTheLastClassifierOfTheirModel() {
        Path next = GOLDEN.resolve("mobile-asc-net-none");
        SceneClassifier.Builder builder =
                SceneClassifier.builder(MODEL).threads(1).listener(metrics);
        SceneClassifier first = builder.load();
        first.classify(clip(), RecordingContext.unknown());
        assertThrows(
                AudioException.class,
                () -> first.classify(AudioClip.of(new float[0], 44_100), RecordingContext.unknown()));
        first.close();
        try (SceneClassifier again = builder.load()) {
            again.classify(clip(), RecordingContext.unknown());
            String calls = "earshot_call_seconds_count{" + labels(again) + ",outcome=\"answered\"}";
            assertEquals(2, scrape().get(calls), "it is the same model");
        }
        try (SceneClassifier other =
                SceneClassifier.builder(next).threads(1).listener(metrics).load()) {
            other.classify(clip(), RecordingContext.unknown());
            Map<String, Double> values = scrape();
            assertEquals(
                    List.of(),
                    values.keySet().stream()
                            .filter(name -> name.contains(labels(first)))
                            .toList());
            assertEquals(1, values.get("earshot_windows_total{" + labels(other) + "}"));
        }
    }

    /** Gauges see calls while they run and wait. */
    @Test
    void callsThatRunAndWaitAreSeen() throws Exception {
        try (SceneClassifier classifier = SceneClassifier.builder(MODEL)
                .threads(1)
                .sessions(1)
                .listener(metrics)
                .load()) {
            String tags = "{" + labels(classifier) + "}";
            AudioClip longer = AudioClip.of(new float[44_100 * 600], 44_100);
            var options = CallOptions.none();
            var running = classifier.classifyAsync(longer, RecordingContext.unknown(), options);
            var waiting = classifier.classifyAsync(longer, RecordingContext.unknown(), options);
            while (!running.isDone() && scrape().get("earshot_calls_running" + tags) < 1) {
                Thread.sleep(1);
            }
            Map<String, Double> values = scrape();
            boolean inTime = !running.isDone();
            waiting.cancel(true);
            running.cancel(true);
            assertTrue(inTime, "ten minutes of sound took no time");
            assertEquals(1, values.get("earshot_calls_running" + tags));
            assertEquals(1, values.get("earshot_calls_waiting" + tags));
        }
    }
}
