package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.earshot.backend.CountingBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifierSessionTest {
    @TempDir
    Path temporary;

    @Test
    void featuresAreComputedOnceForAllNetworks() throws IOException {
        CountingBackend backend = new CountingBackend();
        ModelDirectory directory = ModelDirectory.read(SmallModel.quick(temporary), null, KeyMap.identity());
        FeatureParameters parameters = directory.config().features();
        AudioClip clip = AudioClip.of(noise(2.5, 1), SmallModel.RATE);
        try (LoadedModel first = LoadedModel.of(directory, "", backend, ClassifierListener.NONE);
                LoadedModel second = LoadedModel.of(directory, "", backend, ClassifierListener.NONE);
                ClassifierSession session =
                        new ClassifierSession(List.of(first, second), new NetworkRunner(List.of(first, second)))) {
            Windows windows = new Windows(
                    clip.reader(parameters.sampleRate()), clip.source(), parameters, parameters.windowSamples());
            ContextEncoding.Encoded context = first.context().encode(RecordingContext.unknown());
            List<WindowResults> results = List.of(first.results(), second.results());
            while (windows.next()) {
                session.run(windows.current(), List.of(context, context), results, Progress.GOES_ON);
            }
            int window = parameters.windowSamples();
            assertEquals(List.of(window, window, window), backend.samples());
            ScenePrediction prediction = results.get(0).prediction();
            assertEquals(3, prediction.windows().size());
            assertEquals(prediction.ranking(), results.get(1).prediction().ranking());
        }
    }
}
