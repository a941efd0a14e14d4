package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names whose bytes are no text of the locale open that file and no other. */
class ArgumentBytesTest {
    @TempDir
    Path folder;

    @Test
    void aReplacementIsRefusedThoughAFileIsCalledSo() {
        String complaint = CommandRun.of("classify", "caf\uFFFD.wav").refusedInOneLine();
        assertTrue(complaint.contains("LC_ALL=C.UTF-8"), complaint);
    }

    /**
     * A process of its own, as only a new JVM reads its arguments. The folder has two files that Java's replacements
     * would find: one named with a question mark's match, one with the character for what cannot be decoded.
     */
    @ParameterizedTest
    @CsvSource({"C.UTF-8, \\xe9", "C, \\xc3\\xa9", "C, \\xe9"})
    void aJvmThatCannotDecodeANameDoesNotTakeAnother(String locale, String bytes) throws Exception {
        byte[] sound = Files.readAllBytes(Path.of("../earshot/src/test/resources/audio/wav-pcm_16.wav"));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String name = "caf$(printf '" + bytes + "').wav";
        String script = "cd \"$1\" && for n in cafx.wav cafxx.wav \"$(printf 'caf\\xef\\xbf\\xbd.wav')\" \"" + name
                + "\"; do cat >\"$n\" <whole; done; exec \"$2\" -cp \"$3\" org.earshot.cli.Main features \"" + name
                + "\" -o out.npy";
        Files.write(folder.resolve("whole"), sound);
        ProcessBuilder command = new ProcessBuilder(List.of(
                "bash",
                "-c",
                script,
                "bash",
                folder.toString(),
                java,
                absolute(System.getProperty("java.class.path"))));
        command.environment().put("LC_ALL", locale);
        command.environment()
                .put("EARSHOT_MODEL", CommandRun.SMALL.toAbsolutePath().toString());
        Process process = command.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        assertEquals(2, code, said);
        assertTrue(said.contains("LC_ALL=C.UTF-8"), said);
        assertTrue(Files.notExists(folder.resolve("out.npy")));
    }

    private static String absolute(String classPath) {
        StringBuilder all = new StringBuilder();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            all.append(all.length() == 0 ? "" : File.pathSeparator)
                    .append(Path.of(entry).toAbsolutePath());
        }
        return all.toString();
    }
}
