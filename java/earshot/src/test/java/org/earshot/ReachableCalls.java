package org.earshot;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.Precision;
import org.earshot.backend.choice.Backends;
import org.earshot.error.BackendException;
import org.earshot.model.ModelDirectory;
import org.earshot.parity.Parity;
import org.earshot.parity.ParityOptions;
import org.earshot.parity.ParityRecord;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.earshot.weights.KeyMap;

/**
 * A program of its own, watched for what it reaches by name: everything that a service calls, on the backends of every
 * machine.
 */
final class ReachableCalls {
    private static final List<String> LABELS = List.of("Bus", "Park");

    private ReachableCalls() {}

    /** Takes a model directory, one with golden files, and a recording. */
    public static void main(String[] arguments) throws Exception {
        Path recording = Path.of(arguments[2]);
        for (String backend : List.of("cpu", "portable")) {
            classify(Path.of(arguments[0]), backend, recording);
            record(Path.of(arguments[1]), backend);
        }
        try {
            Backends.start("cuda", 1);
        } catch (BackendException e) {
            // Its library says so, and has been loaded for that.
        }
        write();
    }

    private static void classify(Path model, String backend, Path recording) throws Exception {
        RecordingContext where = RecordingContext.unknown();
        try (SceneClassifier classifier = SceneClassifier.builder(model)
                        .backend(backend)
                        .warmUp(true)
                        .load();
                SceneEnsemble ensemble = SceneEnsemble.builder()
                        .add(model)
                        .add(model)
                        .backend(backend)
                        .load()) {
            classifier.classify(recording, where);
            AudioClip clip = AudioClip.read(recording);
            classifier
                    .classifyAsync(clip, where, CallOptions.none().withDeadline(Duration.ofMinutes(5)))
                    .get();
            classifier.embed(clip, where);
            classifier.profile();
            classifier.footprint();
            try (SceneStream stream = classifier.stream(where, 48_000).open(window -> {})) {
                stream.push(new float[48_000], 0, 48_000);
                stream.flush();
            }
            ensemble.classify(clip, where);
        }
    }

    private static void record(Path directory, String name) {
        ModelDirectory model = ModelDirectory.read(directory, null, KeyMap.identity());
        ParityOptions options = ParityOptions.alongTheRun(Precision.FLOAT32, Tolerances.of(Precision.FLOAT32));
        Backend backend = Backends.start(name, 1);
        ParityResult result = Parity.check(model, directory.resolve("golden-none.safetensors"), backend, options);
        ParityRecord.of(model, backend, Precision.FLOAT32, List.of(result));
    }

    /** Answers of every form, as JSON. */
    private static void write() throws Exception {
        ScenePrediction.TwoStages stages = new ScenePrediction.TwoStages(
                List.of(new ScenePrediction.ScoredScene("indoor", 1f)),
                List.of(new ScenePrediction.ScoredScene("Bus", 1f)));
        ScenePrediction.Window window =
                new ScenePrediction.Window(Duration.ZERO, Duration.ofSeconds(10), LABELS, new float[] {1f, 0f});
        ScenePrediction one = ScenePrediction.ofWindows(LABELS, List.of(window, window), stages, List.of("a note"));
        EnsemblePrediction both =
                new EnsemblePrediction(ScenePrediction.fuse(List.of(one, one), 0.5, 0.5), List.of(one, one));
        for (Object answer : List.of(one, stages, one.segments(), both, both.windows())) {
            new ObjectMapper().writeValueAsString(answer);
            new tools.jackson.databind.ObjectMapper().writeValueAsString(answer);
        }
    }
}
