package org.earshot.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code that README and Javadoc show compiles as it stands there, among what a reader would have around it. */
class DocumentedCodeTest {
    private static final Path ROOT = Path.of("..", "..");
    private static final Pattern IN_PAGES = Pattern.compile("(?s)```java\n(.*?)```");
    private static final Pattern IN_JAVADOC = Pattern.compile("(?s)<pre>\\{@code\n(.*?)\n \\* }</pre>");

    /** What code in pages takes for granted. */
    private static final String AROUND = """
            import io.micrometer.core.instrument.*;
            import java.nio.file.*;
            import java.time.*;
            import java.util.*;
            import org.earshot.*;
            import org.earshot.micrometer.*;

            abstract class %s {
                interface Microphone { boolean read(float[] samples); }
                Microphone microphone;
                MeterRegistry registry;
                SceneClassifier classifier;
                SceneEnsemble ensemble;
                Path model;
                Path recording;
                AudioClip clip;
                RecordingContext where;
                RecordingContext context;
                float[] pcm;
                float[] samples;
                Map<Path, String> pseudoLabels;
                abstract void show(Duration end, ScenePrediction scene);
                abstract void log(Duration start, Duration end, String label);
                void shown() throws Exception {
            %s
                }
            }
            """;

    /** By a name for its class. */
    private static Map<String, String> shown() throws IOException {
        Map<String, String> code = new LinkedHashMap<>();
        collect(code, "Readme", IN_PAGES, Files.readString(ROOT.resolve("README.md")));
        for (String module : List.of("earshot", "earshot-micrometer")) {
            try (Stream<Path> sources =
                    Files.walk(ROOT.resolve("java").resolve(module).resolve("src/main/java"))) {
                for (Path source : sources.filter(file -> file.toString().endsWith(".java"))
                        .sorted(Comparator.naturalOrder())
                        .toList()) {
                    collect(
                            code,
                            source.getFileName().toString().replaceAll("\\W", "_"),
                            IN_JAVADOC,
                            Files.readString(source));
                }
            }
        }
        return code;
    }

    private static void collect(Map<String, String> code, String name, Pattern pattern, String text) {
        Matcher found = pattern.matcher(text);
        while (found.find()) {
            // Of formulas and of JSON there are some too.
            if (found.group(1).contains(";")) {
                code.put(name + "_" + code.size(), found.group(1).replaceAll("(?m)^ \\* ?", ""));
            }
        }
    }

    @Test
    void compiles(@TempDir Path folder) throws IOException {
        Map<String, String> shown = shown();
        assertTrue(shown.size() >= 8, shown.keySet().toString());
        List<Path> sources = new ArrayList<>();
        for (Map.Entry<String, String> code : shown.entrySet()) {
            sources.add(Files.writeString(
                    folder.resolve(code.getKey() + ".java"), AROUND.formatted(code.getKey(), code.getValue())));
        }
        // The tests run in a module, so that what they see is on either path.
        List<String> arguments = new ArrayList<>(List.of(
                "-proc:none",
                "-nowarn",
                "-cp",
                String.join(
                        File.pathSeparator,
                        System.getProperty("java.class.path"),
                        System.getProperty("jdk.module.path", "")),
                "-d",
                folder.toString()));
        sources.forEach(source -> arguments.add(source.toString()));
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        assertEquals(
                0,
                ToolProvider.findFirst("javac").orElseThrow().run(out, out, arguments.toArray(String[]::new)),
                said::toString);
    }
}
