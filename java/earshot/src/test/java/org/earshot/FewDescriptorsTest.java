package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
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
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 256 && exec \"$@\"", "sh"));
        command.addAll(ChildProcess.jvm(List.of(), ManyCallers.class, model.toString(), recording.toString(), "400"));
        ChildProcess.Ended ended = ChildProcess.run(command);
        assertEquals("400 answers\n", ended.output(), ended.errors());
    }
}
