package org.earshot.fuzz;

import static java.util.stream.Collectors.toCollection;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A target that Jazzer finds no inputs for passes, and shows nothing. */
class TargetsTest {
    private static final Path CLASSES = Path.of("target/test-classes/org/earshot/fuzz");

    @Test
    void everyTargetHasInputsAndEveryInputATarget() throws IOException {
        Set<String> targets = names(CLASSES, "FuzzTest.class", ".class");
        assertEquals(7, targets.size(), targets::toString);
        assertEquals(targets, names(CLASSES, "Inputs", "Inputs"));
        for (String target : targets) {
            try (Stream<Path> inputs = Files.walk(CLASSES.resolve(target + "Inputs/read"))) {
                assertTrue(inputs.filter(Files::isRegularFile).count() >= 2, target);
            }
        }
    }

    private static Set<String> names(Path folder, String end, String cut) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(end))
                    .map(name -> name.substring(0, name.length() - cut.length()))
                    .collect(toCollection(TreeSet::new));
        }
    }
}
