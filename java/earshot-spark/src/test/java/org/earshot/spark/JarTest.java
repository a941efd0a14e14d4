package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/** The one jar beside Spark's: what both have stands in it under names of its own. */
class JarTest {
    private static final String RELOCATED = "org/earshot/spark/relocated/";
    private static final String MAPPER = "jackson.databind.ObjectMapper";
    private static final Path JAR = Path.of(System.getProperty("earshot.spark.jar"));

    @Test
    void onlyEarshotAndItsNativeLibrariesHaveTheirOwnNames() throws IOException {
        List<String> known = List.of("org/earshot/", "org/bytedeco/", "org/jtransforms/", "org/visnow/", "META-INF/");
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> others = jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.endsWith(".class"))
                    .filter(name -> known.stream().noneMatch(name::startsWith))
                    .toList();
            assertEquals(List.of(), others);
            assertTrue(jar.stream().anyMatch(entry -> entry.getName().startsWith(RELOCATED + "jackson/")));
        }
    }

    @Test
    void jacksonsDoNotMeet() throws ReflectiveOperationException, IOException {
        Class<?> ours = Class.forName(RELOCATED.replace('/', '.') + MAPPER);
        Class<?> sparks = Class.forName("com.fasterxml." + MAPPER);
        assertEquals(JAR.toUri().toURL().toString(), source(ours));
        assertTrue(source(sparks).contains("/spark-home/jars/jackson-databind-"), source(sparks));
        Object version = ours.getMethod("version").invoke(ours.getConstructor().newInstance());
        assertNotEquals(
                version.toString(),
                sparks.getMethod("version")
                        .invoke(sparks.getConstructor().newInstance())
                        .toString());
    }

    private static String source(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().toString();
    }
}
