package org.earshot;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a test starts a program of its own in another JVM, for what cannot be tried within the tests' own. */
public final class ChildJvm {
    private ChildJvm() {}

    /** Names of the command and its arguments: this JVM's kind, with all that the tests see on its class path. */
    public static List<String> command(List<String> options, Class<?> program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
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
}
