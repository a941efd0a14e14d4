package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ModelNamesTest {
    private static List<String> names(String... models) {
        return ModelNames.of(Stream.of(models).map(Path::of).toList());
    }

    @Test
    void whatAllHaveInCommonIsLeftOut() {
        assertEquals(List.of("a", "b/c"), names("/run/a/model", "/run/b/c/model"));
        assertEquals(List.of("a", "b"), names("a/", "./b"));
        assertEquals(List.of("first/stage", "second/other"), names("first/stage", "second/other"));
    }

    @Test
    void oneIsCalledByItsLastFolder() {
        assertEquals(List.of("demo-model"), names("tools/demo-model"));
    }

    @Test
    void pathsStayWhereNothingWouldBeLeft() {
        assertEquals(List.of("/a", "/a/b"), names("/a", "/a/b"));
        assertEquals(List.of("same", "same"), names("same", "same"));
        assertEquals(List.of("/", "/a"), names("/", "/a"));
    }
}
