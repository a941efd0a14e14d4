package org.earshot;

import static org.earshot.SmallModel.noise;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.features.FeatureParameters;
import org.earshot.features.LogMel;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifierSessionTest {
    @TempDir
    Path temporary;

    @Test
    void featuresAreComputedOnceForAllNetworks() throws IOException {
        Backend backend = new PortableBackend(1);
        ModelDirectory directory = ModelDirectory.read(SmallModel.quick(temporary), null, KeyMap.identity());
        FeatureParameters parameters = directory.config().features();
        LogMel logMel = new LogMel(parameters);
        List<Integer> computed = new ArrayList<>();
        FrontEnd counting = (pcm, samples, features) -> {
            computed.add(samples);
            logMel.compute(pcm, 0, samples, features, 0, logMel.scratch());
        };
        AudioClip clip = AudioClip.of(noise(2.5, 1), SmallModel.RATE);
        try (LoadedModel first = LoadedModel.of(directory, backend, ClassifierListener.NONE);
                LoadedModel second = LoadedModel.of(directory, backend, ClassifierListener.NONE);
                ClassifierSession session = new ClassifierSession(List.of(first, second), counting)) {
            Windows windows = new Windows(
                    clip.reader(parameters.sampleRate()), clip.source(), parameters, parameters.windowSamples());
            ContextEncoding.Encoded context = first.context().encode(RecordingContext.unknown());
            List<WindowResults> results = List.of(first.results(), second.results());
            while (windows.next()) {
                session.run(windows, List.of(context, context), results);
            }
            int window = parameters.windowSamples();
            assertEquals(List.of(window, window, window), computed);
            ScenePrediction prediction = results.get(0).prediction();
            assertEquals(3, prediction.windows().size());
            assertEquals(prediction.ranking(), results.get(1).prediction().ranking());
        }
    }
}
