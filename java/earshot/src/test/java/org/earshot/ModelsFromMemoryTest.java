package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.earshot.error.ModelException;
import org.earshot.error.WeightsException;
import org.earshot.model.ModelConfig;
import org.earshot.model.ModelDirectory;
import org.earshot.weights.KeyMap;
import org.earshot.weights.Weights;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models and recordings that lie in no file of the default file system. */
class ModelsFromMemoryTest {
    private static final RecordingContext NOWHERE = RecordingContext.unknown();

    @TempDir
    Path temporary;

    private Path model;
    private ScenePrediction expected;
    private Path recording;

    @BeforeEach
    void classifyFromFiles() throws IOException {
        model = SmallModel.quick(temporary);
        recording = temporary.resolve("noise.wav");
        WavFiles.writeMono16(recording, SmallModel.noise(1, 3), SmallModel.RATE);
        try (SceneClassifier classifier = SceneClassifier.load(model)) {
            expected = classifier.classify(recording, NOWHERE);
        }
    }

    private ModelConfig config() throws IOException {
        return ModelConfig.parse(Files.readString(model.resolve(ModelDirectory.CONFIG)), "the row in the database");
    }

    private ByteBuffer weights() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(model.resolve(ModelDirectory.WEIGHTS)));
    }

    private void assertAnswers(SceneClassifier.Builder builder, Path file) {
        try (SceneClassifier classifier = builder.load()) {
            assertEquals(expected.ranking(), classifier.classify(file, NOWHERE).ranking());
        }
    }

    @Test
    void configurationAndWeightsInMemory() throws IOException {
        assertAnswers(SceneClassifier.builder(config(), weights()), recording);
    }

    /** A resource's description, a key in a store: no file system need be able to hold it. */
    @ParameterizedTest
    @ValueSource(strings = {"a\0b", "x\ud800", "s3://bucket?version=2", "class path resource [модель/config.json]", ""})
    void whatIsInMemoryMayBeCalledAnything(String name) throws IOException {
        String json = Files.readString(model.resolve(ModelDirectory.CONFIG));
        ModelConfig named = ModelConfig.parse(json, name);
        assertEquals(config().labels(), named.labels());
        String message = assertThrows(ModelException.class, () -> ModelConfig.parse("{}", name))
                .getMessage();
        assertTrue(message.contains("architecture: found nothing"), message);
        Weights read = ModelDirectory.weights(weights(), name, KeyMap.identity());
        assertEquals(ModelDirectory.read(model, null, KeyMap.identity()).digest(), ModelDirectory.digest(named, read));
    }

    @Test
    void aCheckpointInMemory() throws IOException {
        byte[] checkpoint = Files.readAllBytes(SmallModel.FOLDER.resolve("model.pth"));
        assertAnswers(SceneClassifier.builder(config(), ByteBuffer.wrap(checkpoint)), recording);
    }

    /** A part of a direct buffer that holds more, and is left as it was. */
    @Test
    void weightsInThePartOfABuffer() throws IOException {
        ByteBuffer content = weights();
        ByteBuffer part = ByteBuffer.allocateDirect(content.remaining() + 30);
        part.position(10).put(content).limit(part.position()).position(10);
        assertAnswers(SceneClassifier.builder(config(), part.asReadOnlyBuffer()), recording);
        assertEquals(10, part.position());
    }

    @Test
    void weightsInAFileBesideAConfigurationInMemory() throws IOException {
        SceneClassifier.Builder builder = SceneClassifier.builder(config(), ByteBuffer.allocate(0));
        assertAnswers(builder.weights(model.resolve(ModelDirectory.WEIGHTS)), recording);
    }

    @Test
    void aFolderInAZipFile() throws IOException {
        Path zip = temporary.resolve("model.zip");
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            copyTo(files.getPath("/models/one"));
        }
        try (FileSystem files = FileSystems.newFileSystem(zip)) {
            Path folder = files.getPath("/models/one");
            assertAnswers(SceneClassifier.builder(folder), folder.resolve("noise.wav"));
        }
    }

    @Test
    void aFolderInMemory() throws IOException {
        try (FileSystem files = Jimfs.newFileSystem(Configuration.unix())) {
            Path folder = files.getPath("/model");
            copyTo(folder);
            assertAnswers(SceneClassifier.builder(folder), folder.resolve("noise.wav"));
        }
    }

    private void copyTo(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String file : new String[] {ModelDirectory.CONFIG, ModelDirectory.WEIGHTS}) {
            Files.copy(model.resolve(file), folder.resolve(file));
        }
        Files.copy(recording, folder.resolve("noise.wav"));
    }

    @Test
    void messagesNameWhatTheCallerCalledIt() {
        ModelException wrong = assertThrows(
                ModelException.class, () -> ModelConfig.parse("{\"labels\": 3}", "the row in the database"));
        assertTrue(wrong.getMessage().startsWith("the row in the database: "), wrong.getMessage());
    }

    @Test
    void whatIsNoWeightFileIsRefused() throws IOException {
        ByteBuffer text = ByteBuffer.wrap("no weights at all".getBytes(StandardCharsets.UTF_8));
        SceneClassifier.Builder builder = SceneClassifier.builder(config(), text);
        WeightsException wrong = assertThrows(WeightsException.class, builder::load);
        assertTrue(wrong.getMessage().startsWith("weights in memory: "), wrong.getMessage());

        ByteBuffer cut = weights();
        cut.limit(cut.limit() - 1);
        SceneClassifier.Builder half = SceneClassifier.builder(config(), cut);
        assertTrue(assertThrows(WeightsException.class, half::load).getMessage().contains("is the file complete?"));
    }

    @Test
    void anIndexInMemoryNamesFilesThatAreNotThere() throws IOException {
        ByteBuffer index = ByteBuffer.wrap("{\"weight_map\": {}}".getBytes(StandardCharsets.UTF_8));
        SceneClassifier.Builder builder = SceneClassifier.builder(config(), index);
        WeightsException wrong = assertThrows(WeightsException.class, builder::load);
        assertTrue(wrong.getMessage().contains("the index of several files"), wrong.getMessage());
    }
}
