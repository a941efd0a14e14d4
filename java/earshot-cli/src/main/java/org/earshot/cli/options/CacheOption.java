package org.earshot.cli.options;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The option that keeps a set's features from one run to the next. */
public final class CacheOption {
    @Option(
            names = "--cache",
            paramLabel = "FILE",
            description = "Keep the set's features in this file (.safetensors) and find them there the next time.")
    private Path file;

    /** The file, if there is to be one. */
    public Optional<Path> file() {
        return Optional.ofNullable(file);
    }
}
