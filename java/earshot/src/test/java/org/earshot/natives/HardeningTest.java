package org.earshot.natives;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.earshot.ChildProcess;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How our native libraries were compiled and linked, as readelf sees it (of binutils, as is the linker). */
class HardeningTest {
    static Set<Path> libraries() throws IOException {
        try (Stream<Path> classes = Files.walk(Path.of("target/classes"));
                Stream<Path> tests = Files.walk(Path.of("target/test-classes"))) {
            return Stream.concat(classes, tests)
                    .filter(file -> file.toString().endsWith(".so"))
                    .collect(toCollection(TreeSet::new));
        }
    }

    @Test
    void kernelsAndGlueOfBothBackendsAreThere() throws IOException {
        Set<String> names = new TreeSet<>();
        libraries().forEach(file -> names.add(file.getFileName().toString()));
        assertEquals(
                Set.of("libearshot_cpu.so", "libearshot_cuda.so", "libjniEarshotCpu.so", "libjniEarshotCuda.so"),
                names);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void symbolsAreBoundBeforeTheTableOfThemIsMadeReadOnly(Path library) throws Exception {
        String dynamic = readelf("--dynamic", library);
        assertTrue(Pattern.compile("FLAGS_1.*NOW").matcher(dynamic).find(), dynamic);
        String segments = readelf("--segments", library);
        assertTrue(segments.contains("GNU_RELRO"), segments);
        assertTrue(Pattern.compile("GNU_STACK .* RW +0x").matcher(segments).find(), segments);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void noFolderOfTheBuildIsInIt(Path library) throws Exception {
        Matcher path = Pattern.compile("\\((?:RPATH|RUNPATH)\\).*\\[(.*)]").matcher(readelf("--dynamic", library));
        while (path.find()) {
            assertEquals("$ORIGIN/", path.group(1));
        }
        Path project = Path.of("").toAbsolutePath().getParent().getParent();
        assertFalse(
                Files.readString(library, StandardCharsets.ISO_8859_1).contains(project + "/"),
                "names a folder in " + project);
    }

    /** What the libraries import would not tell: glibc's checks go where the compiler sees that they hold. */
    @ParameterizedTest
    @ValueSource(strings = {"native-build", "cuda-build"})
    void everySourceIsCompiledWithGuardsForStackAndStrings(String build) throws IOException {
        JsonNode commands = new ObjectMapper()
                .readTree(Path.of("target", build, "compile_commands.json").toFile());
        assertFalse(commands.isEmpty());
        for (JsonNode command : commands) {
            String line = command.get("command").asText();
            assertTrue(line.contains("-fstack-protector-strong"), line);
            assertTrue(line.contains("-D_FORTIFY_SOURCE=2"), line);
            assertTrue(line.contains("-O2") || line.contains("-O3"), "without which nothing is checked: " + line);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu/linux-x86_64/libjniEarshotCpu.so", "cuda/linux-x86_64/libjniEarshotCuda.so"})
    void theGlueIsCompiledWithThemToo(String glue) throws Exception {
        String symbols = readelf(
                "--dyn-syms", Path.of("target/classes/org/earshot/backend").resolve(glue));
        assertTrue(symbols.contains(" __stack_chk_fail@"), symbols);
        assertTrue(symbols.contains(" __sprintf_chk@"), symbols);
        assertFalse(symbols.contains(" sprintf@"), symbols);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void theNameHasRoomForADigest(Path library) throws Exception {
        String name = library.getFileName().toString();
        String room = name.replaceFirst("libjniEarshot(\\w+)\\.so", "libearshot_$1.so")
                .toLowerCase(Locale.ROOT)
                .replace(".so", "-0000000000000000.so");
        String tag = name.startsWith("libjni") ? "NEEDED" : "SONAME";
        String dynamic = readelf("--dynamic", library);
        assertTrue(
                Pattern.compile("\\(" + tag + "\\).*\\[" + room + "]")
                        .matcher(dynamic)
                        .find(),
                dynamic);
    }

    private static String readelf(String what, Path library) throws IOException, InterruptedException {
        return ChildProcess.run(List.of("env", "LC_ALL=C", "readelf", "--wide", what, library.toString()))
                .output();
    }
}
