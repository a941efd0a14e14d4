package org.earshot.cli;

import java.nio.file.Path;
import org.earshot.weights.KeyMap;
import picocli.CommandLine.Option;

/** The option that adapts foreign tensor names. */
final class KeyMapOption {
    @Option(
            names = "--key-map",
            paramLabel = "FILE",
            description = "JSON object, regular expression to replacement, applied in order to every tensor's name.")
    private Path file;

    KeyMap keyMap() {
        return file == null ? KeyMap.identity() : KeyMap.read(file);
    }
}
