package org.earshot.ffmpeg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** FFmpeg's libraries are loaded once, at the first recording that needs them: what fails then fails ever after. */
class FirstLoadTest {
    /** A program whose thread is interrupted before anything is loaded. */
    static final class Interrupted {
        private Interrupted() {}

        /** Prints what keeps the libraries from loading, then and later, and whether the interrupt is still there. */
        public static void main(String[] arguments) {
            Thread.currentThread().interrupt();
            System.out.println(
                    NativeLibraries.failure() + " " + Thread.interrupted() + " " + NativeLibraries.failure());
        }
    }

    /** The folder is a new one, with nothing in it. */
    @Test
    void anInterruptDoesNotKeepLibrariesFromLoading(@TempDir Path folder) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dorg.bytedeco.javacpp.cachedir=" + folder,
                        "-cp",
                        // The tests run in a module: the module itself and the tests' classes are on neither path.
                        String.join(
                                File.pathSeparator,
                                System.getProperty("java.class.path"),
                                System.getProperty("jdk.module.path", ""),
                                Path.of("target", "classes").toString(),
                                Path.of("target", "test-classes").toString()),
                        Interrupted.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals("null true null", said.strip());
        assertEquals(0, process.waitFor());
    }
}
