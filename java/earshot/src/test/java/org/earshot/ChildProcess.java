package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a test runs a program in a process of its own, for what cannot be tried within the tests' own. */
public final class ChildProcess {
    private ChildProcess() {}

    /**
     * What a process left that ended well.
     *
     * @param output what it printed
     * @param errors what it printed to its standard error, where JVMs warn too
     */
    public record Ended(String output, String errors) {}

    /** Names of a command that runs a main class in this JVM's kind, with all that the tests see on its class path. */
    public static List<String> jvm(List<String> options, Class<?> program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(java());
        command.addAll(options);
        command.add("-cp");
        // The tests run in a module: the module itself and the tests' classes are on neither path.
        command.add(String.join(
                File.pathSeparator,
                System.getProperty("java.class.path"),
                System.getProperty("jdk.module.path", ""),
                Path.of("target", "classes").toString(),
                Path.of("target", "test-classes").toString()));
        command.add(program.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    /** The program that runs this JVM. */
    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** Runs a command to its end, which fails the test unless its status is 0. */
    public static Ended run(List<String> command) throws IOException, InterruptedException {
        // A file, as who reads one of two pipes to its end may have the process wait at the other for ever.
        Path errors = Files.createTempFile("errors", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command).redirectError(errors.toFile()).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            Ended ended = new Ended(output, Files.readString(errors));
            assertEquals(0, status, () -> String.join(" ", command) + ": " + ended);
            return ended;
        } finally {
            Files.delete(errors);
        }
    }
}
