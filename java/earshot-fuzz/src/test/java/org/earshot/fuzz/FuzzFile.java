package org.earshot.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.earshot.error.EarshotException;

/** Bytes as a file, for readers of files. */
final class FuzzFile {
    private static final Path FOLDER = folder();

    private FuzzFile() {}

    /**
     * Reads bytes as a file. An {@link EarshotException} is a right answer as well.
     *
     * @param data what the file holds
     * @param name of the file
     * @param reader what is tested
     */
    static void read(byte[] data, String name, Consumer<Path> reader) {
        Path file = FOLDER.resolve(name);
        try {
            Files.write(file, data);
            file.toFile().deleteOnExit();
            reader.accept(file);
        } catch (EarshotException e) {
            if (e.getMessage().isBlank()) {
                throw new IllegalStateException("an error without a message", e);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder() {
        try {
            Path folder = Files.createTempDirectory("earshot-fuzz");
            folder.toFile().deleteOnExit();
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
