package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FewDescriptorsTest {
    @TempDir
    Path temporary;

    /** More callers than the process may have files open, each with a recording of several windows. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void manyCallersNeedFewFiles() throws IOException, InterruptedException {
        Path model = SmallModel.variant(temporary, "\"frames\": 500", "\"frames\": 5");
        Path recording = temporary.resolve("noise.wav");
        WavFiles.writeMono16(recording, SmallModel.noise(0.3, 1), SmallModel.RATE);
        Path errors = temporary.resolve("errors");
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 256 && exec \"$@\"", "sh"));
        command.addAll(ChildJvm.command(List.of(), ManyCallers.class, model.toString(), recording.toString(), "400"));
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> read(errors));
        assertEquals("400 answers\n", output, () -> read(errors));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
