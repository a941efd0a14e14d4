package org.earshot.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Values of Linux's {@code /proc}, where there is one. */
final class ProcFile {
    private ProcFile() {}

    /** The first line of a {@code name : value} file with this name. */
    static Optional<String> value(String file, String name) {
        return lines(file).stream()
                .filter(line -> line.startsWith(name) && line.contains(":"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst();
    }

    /** A value in kB, as a number of 1024 bytes rounded to one of 1000; 0 if there is none. */
    static long kilobytes(String file, String name) {
        return value(file, name)
                .map(text -> Long.parseLong(text.split(" ", 2)[0]) * 1024 / 1000)
                .orElse(0L);
    }

    static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            return List.of();
        }
    }
}
