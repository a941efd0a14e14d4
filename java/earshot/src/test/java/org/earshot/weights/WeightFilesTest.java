package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.error.WeightsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightFilesTest {
    private static final Path MODEL = Path.of("src/test/resources/golden/ascmamba-unconditioned");

    @TempDir
    Path folder;

    @Test
    void theContentDecidesNotTheName() throws IOException {
        Path tensors = Files.copy(MODEL.resolve("model.safetensors"), folder.resolve("a.pth"));
        Path checkpoint = Files.copy(MODEL.resolve("model.pth"), folder.resolve("b.safetensors"));
        Expected.assertSame(WeightFiles.read(tensors), WeightFiles.read(checkpoint));
        assertEquals(checkpoint, WeightFiles.read(checkpoint).source());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                          | an empty file
            `version https://git-lfs.github.com/spec/v1` | a git-lfs pointer
            `  <!DOCTYPE html><html>`                   | a web page
            `{"a": 1}`                                  | JSON text
            `RIFF....WAVEfmt `                          | a file that begins with the bytes 52 49 46 46 2e 2e 2e 2e
            """)
    void saysWhatElseItFound(String content, String found) throws IOException {
        Path file = Files.write(folder.resolve("model.safetensors"), content.getBytes(StandardCharsets.UTF_8));
        String message = assertThrows(WeightsException.class, () -> WeightFiles.read(file))
                .getMessage();
        assertTrue(message.startsWith(file + ": found " + found), message);
        String expected = found.equals("JSON text")
                ? "expected a weight file, or an index of sharded weights"
                : "expected a safetensors file, or a PyTorch checkpoint";
        assertTrue(message.contains(expected), message);
    }

    @Test
    void aFolderAndAMissingFileAreRefused() {
        assertTrue(assertThrows(WeightsException.class, () -> WeightFiles.read(folder))
                .getMessage()
                .contains("found a folder"));
        assertTrue(assertThrows(WeightsException.class, () -> WeightFiles.read(folder.resolve("absent")))
                .getMessage()
                .contains("found no such file"));
    }
}
