package org.earshot.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The project's programs, run as a user runs them. */
final class CommandLine {
    /** The project's folder. */
    static final Path ROOT =
            Path.of(System.getProperty("earshot.root")).toAbsolutePath().normalize();

    private static final long MINUTES = 5;

    private CommandLine() {}

    /**
     * What a program printed.
     *
     * @param code its exit status
     */
    record Outcome(int code, String out, String errors) {}

    /** Runs {@code tools/earshot} as it was built just before, in a JVM of its own. */
    static Outcome earshot(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                ROOT.resolve("java/earshot-cli/target/lib") + "/*",
                "org.earshot.cli.Main"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static Outcome run(List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile("out", ".txt");
        Path errors = Files.createTempFile("errors", ".txt");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(ROOT.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(errors.toFile())
                    .start();
            if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
                throw new IOException(command + ": not done after " + MINUTES + " minutes");
            }
            return new Outcome(
                    process.exitValue(),
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(errors, StandardCharsets.UTF_8));
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(errors);
        }
    }
}
