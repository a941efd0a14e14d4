package org.earshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What GraalVM's native-image is told of this library: it has the form that GraalVM 25 reads (which does not know yet
 * the reasons that schema 1.2 of its metadata allows), names what there is, and covers what a program was seen to reach
 * by name, no less and no more. The program is watched by src/test/native/access_recorder.cpp, in the place of
 * GraalVM's tracing agent, which only GraalVM has. tools/test-release has GraalVM's own parser read it.
 */
class ReachabilityMetadataTest {
    private static final Path METADATA =
            Path.of("target/classes/META-INF/native-image/org.earshot/earshot/reachability-metadata.json");

    /** What the schema allows beside the type of an entry for reflection, and of which kind it is. */
    private static final Set<String> FLAGS = Set.of(
            "allDeclaredConstructors",
            "allDeclaredFields",
            "allDeclaredMethods",
            "allPublicConstructors",
            "allPublicFields",
            "allPublicMethods",
            "jniAccessible",
            "serializable",
            "unsafeAllocated");

    private static JsonNode metadata;

    @BeforeAll
    static void read() throws IOException {
        metadata = new ObjectMapper().readTree(METADATA.toFile());
    }

    @Test
    void itHasTheFormThatIsRead() {
        requireKeys(metadata, Set.of("comment", "reflection", "resources"));
        for (JsonNode entry : metadata.get("reflection")) {
            Set<String> allowed = new TreeSet<>(FLAGS);
            allowed.addAll(Set.of("condition", "fields", "methods", "type"));
            requireKeys(entry, allowed);
            requireCondition(entry);
            assertTrue(entry.path("type").isTextual(), entry::toString);
            FLAGS.forEach(flag -> assertTrue(
                    entry.path(flag).isMissingNode() || entry.get(flag).isBoolean()));
            for (JsonNode field : entry.path("fields")) {
                requireKeys(field, Set.of("name"));
            }
            for (JsonNode method : entry.path("methods")) {
                requireKeys(method, Set.of("name", "parameterTypes"));
                assertTrue(method.path("name").isTextual(), entry::toString);
                method.path("parameterTypes").forEach(type -> assertTrue(type.isTextual(), entry::toString));
            }
        }
        for (JsonNode entry : metadata.get("resources")) {
            requireKeys(entry, Set.of("condition", "glob"));
            requireCondition(entry);
            assertTrue(entry.path("glob").isTextual(), entry::toString);
        }
    }

    private static void requireCondition(JsonNode entry) {
        requireKeys(entry.get("condition"), Set.of("typeReached"));
        assertTrue(entry.get("condition").path("typeReached").isTextual(), entry::toString);
    }

    private static void requireKeys(JsonNode object, Set<String> allowed) {
        assertTrue(object.isObject(), object::toString);
        object.fieldNames().forEachRemaining(key -> assertTrue(allowed.contains(key), () -> key + " in " + object));
    }

    /** A class that was renamed would else be left out without a word. */
    @Test
    void whatItNamesIsThere() throws Exception {
        for (JsonNode entry : metadata.get("reflection")) {
            type(entry.at("/condition/typeReached").asText());
            Class<?> type = type(entry.get("type").asText());
            for (JsonNode field : entry.path("fields")) {
                assertNotNull(type.getDeclaredField(field.get("name").asText()));
            }
            for (JsonNode method : entry.path("methods")) {
                String name = method.get("name").asText();
                List<Class<?>> parameters = new ArrayList<>();
                for (JsonNode parameter : method.path("parameterTypes")) {
                    parameters.add(type(parameter.asText()));
                }
                Class<?>[] of = parameters.toArray(Class<?>[]::new);
                if (name.equals("<init>")) {
                    assertNotNull(type.getDeclaredConstructor(of));
                } else if (!name.equals("isVirtual") || Runtime.version().feature() >= 21) {
                    assertNotNull(type.getDeclaredMethod(name, of));
                }
            }
        }
        for (JsonNode entry : metadata.get("resources")) {
            type(entry.at("/condition/typeReached").asText());
        }
    }

    private static Class<?> type(String name) throws ClassNotFoundException {
        Map<String, Class<?>> others = Map.of("int", int.class, "long", long.class, "byte[]", byte[].class);
        return others.containsKey(name)
                ? others.get(name)
                : Class.forName(name, false, ReachabilityMetadataTest.class.getClassLoader());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void itIsWhatAProgramReaches(@TempDir Path temporary) throws Exception {
        Set<String> unused = new TreeSet<>();
        metadata.get("reflection").forEach(entry -> unused.add(entry.get("type").asText()));
        // Without virtual threads nobody asks for them.
        unused.remove("java.lang.Thread");
        Set<String> missing = new TreeSet<>();
        List<String> seen = watch(temporary);
        for (String line : seen) {
            String[] words = line.split(" ");
            boolean covered =
                    switch (words[0]) {
                        case "jni" -> isOfJavaCpp(words[1]) || isReachableByJni(words);
                        case "reflection" -> isOthers(words[1], words[2]) || isNamed(words);
                        case "resource" -> isOthers(words[1], words[2]) || isResource(words);
                        default -> throw new IllegalArgumentException(line);
                    };
            if (!covered) {
                missing.add(line);
            }
            unused.remove(words[2]);
        }
        assertEquals(Set.of(), missing);
        assertEquals(Set.of(), unused);
        assertTrue(seen.stream().anyMatch(line -> line.startsWith("resource ") && line.endsWith("/libearshot_cpu.so")));
    }

    /** JavaCPP's jar of natives has metadata for its own library. */
    private static boolean isOfJavaCpp(String library) {
        return library.equals("libjnijavacpp.so");
    }

    /** So it has for what its classes ask of each other; and what Jackson asks of the JDK's is not ours either. */
    private static boolean isOthers(String caller, String type) {
        return !caller.startsWith("org.earshot.") && !type.startsWith("org.earshot.");
    }

    private static boolean isReachableByJni(String[] words) {
        JsonNode entry = entry(words[2]);
        if (entry == null || !entry.path("jniAccessible").asBoolean()) {
            return false;
        }
        if (words.length == 3) {
            return true;
        }
        boolean method = words[4].startsWith("(");
        return StreamSupport.stream(entry.path(method ? "methods" : "fields").spliterator(), false)
                .anyMatch(member -> member.get("name").asText().equals(words[3])
                        && (!method || words[4].startsWith(descriptor(member))));
    }

    /** Of the parameters alone, as the result tells no two methods apart. */
    private static String descriptor(JsonNode method) {
        StringBuilder text = new StringBuilder("(");
        for (JsonNode parameter : method.path("parameterTypes")) {
            try {
                text.append(type(parameter.asText()).descriptorString());
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException(e);
            }
        }
        return text.append(')').toString();
    }

    private static boolean isNamed(String[] words) {
        JsonNode entry = entry(words[2]);
        if (entry == null || words.length == 3) {
            return entry != null;
        }
        return entry.path("allDeclaredMethods").asBoolean()
                || StreamSupport.stream(entry.path("methods").spliterator(), false)
                        .anyMatch(member -> member.get("name").asText().equals(words[3]));
    }

    private static boolean isResource(String[] words) {
        String folder = words[2].equals("-") ? "" : words[2].replace('.', '/').replaceAll("[^/]*$", "");
        Path resource = Path.of(words[3].startsWith("/") ? words[3].substring(1) : folder + words[3]);
        return StreamSupport.stream(metadata.get("resources").spliterator(), false)
                .map(entry -> "glob:" + entry.get("glob").asText())
                .anyMatch(glob -> FileSystems.getDefault().getPathMatcher(glob).matches(resource));
    }

    private static JsonNode entry(String type) {
        for (Iterator<JsonNode> entries = metadata.get("reflection").elements(); entries.hasNext(); ) {
            JsonNode entry = entries.next();
            if (entry.get("type").asText().equals(type)) {
                return entry;
            }
        }
        return null;
    }

    /** Runs the program beside the agent, which is compiled for that. */
    private static List<String> watch(Path temporary) throws Exception {
        Path home = Path.of(System.getProperty("java.home"));
        Path agent = temporary.resolve("libaccess_recorder.so");
        ChildProcess.run(List.of(
                "g++",
                "-std=c++17",
                "-O1",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fPIC",
                "-shared",
                "-I",
                home + "/include",
                "-I",
                home + "/include/linux",
                "src/test/native/access_recorder.cpp",
                "-o",
                agent.toString(),
                "-ldl"));
        Path recording = temporary.resolve("noise.wav");
        WavFiles.writeMono16(recording, SmallModel.noise(0.5, 1), 48_000);
        Path seen = temporary.resolve("seen");
        ChildProcess.run(ChildProcess.jvm(
                List.of("-agentpath:" + agent + "=" + seen),
                ReachableCalls.class,
                SmallModel.quick(temporary).toString(),
                "src/test/resources/parity/mobile-asc-net",
                recording.toString()));
        List<String> lines = Files.readAllLines(seen);
        assertFalse(lines.isEmpty());
        return lines;
    }
}
