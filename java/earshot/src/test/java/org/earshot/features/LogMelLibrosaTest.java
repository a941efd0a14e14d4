package org.earshot.features;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.earshot.backend.Backend;
import org.earshot.backend.FrontEnds;
import org.earshot.features.FeatureParameters.PadMode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Generated signals against librosa, run unchanged (tools/reference/fixtures/log_mel_fixtures.py). */
class LogMelLibrosaTest {
    private static final Path FOLDER = Path.of("src/test/resources/features");

    private final Tensors tensors = Tensors.read(FOLDER.resolve("log_mel.safetensors"));

    @TestFactory
    List<DynamicTest> features() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        Map<String, Backend> backends = new HashMap<>();
        for (var entry : cases()) {
            String name = entry.getKey();
            float[] pcm = tensors.get(entry.getValue().get("signal").asText() + ".pcm");
            float[] expected = tensors.get(name + ".features");
            FeatureParameters parameters = parameters(entry.getValue().get("features"));
            tests.add(DynamicTest.dynamicTest(
                    name, () -> Decibels.assertAgree(expected, LogMelTest.compute(parameters, pcm), name)));
            for (String backend : FrontEnds.names()) {
                tests.add(DynamicTest.dynamicTest(name + " on " + backend, () -> {
                    Backend started = backends.computeIfAbsent(backend, FrontEnds::start);
                    Decibels.assertAgree(expected, FrontEnds.run(started, parameters, 1, pcm), name);
                }));
            }
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> filterBanks() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (var entry : cases()) {
            String name = entry.getKey() + ".mel_filter_bank";
            if (tensors.file().tensors().containsKey(name)) {
                FeatureParameters parameters = parameters(entry.getValue().get("features"));
                tests.add(DynamicTest.dynamicTest(
                        name,
                        () -> MelFilterBankTest.assertSame(
                                tensors.get(name), new MelFilterBank(parameters), parameters.maximumFrequency())));
            }
        }
        assertEquals(3, tests.size(), "filter banks in the fixture");
        return tests;
    }

    private static Iterable<Map.Entry<String, JsonNode>> cases() throws IOException {
        JsonNode root =
                new ObjectMapper().readTree(FOLDER.resolve("log_mel.json").toFile());
        return root.properties();
    }

    private static FeatureParameters parameters(JsonNode features) {
        return new FeatureParameters(
                features.required("sample_rate").intValue(),
                features.required("n_fft").intValue(),
                features.required("win_length").intValue(),
                features.required("hop_length").intValue(),
                features.required("n_mels").intValue(),
                features.required("fmin").doubleValue(),
                features.required("fmax").doubleValue(),
                features.required("frames").intValue(),
                PadMode.valueOf(features.required("pad_mode").textValue().toUpperCase(Locale.ROOT)),
                features.required("top_db").doubleValue());
    }
}
