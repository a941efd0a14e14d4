package org.earshot.cli.options;

import java.nio.file.Path;
import java.util.List;
import org.earshot.weights.KeyMap;
import picocli.CommandLine.Option;

/** The options that adapt foreign tensor names, and leave tensors out. */
public final class KeyMapOption {
    @Option(
            names = "--key-map",
            paramLabel = "FILE",
            description = "JSON object, regular expression to replacement, applied in order to every tensor's name;"
                    + " null in place of a replacement leaves tensors out.")
    private Path file;

    @Option(
            names = "--drop",
            paramLabel = "REGEX",
            description = "Leaves out the tensors in whose names the regular expression is found. May be repeated.")
    private List<String> dropped = List.of();

    /** Whether one of them was given. */
    boolean given() {
        return file != null || !dropped.isEmpty();
    }

    /** The file; null if there is none. */
    public Path file() {
        return file;
    }

    public KeyMap keyMap() {
        KeyMap map = file == null ? KeyMap.identity() : KeyMap.read(file);
        for (String regex : dropped) {
            map = map.dropping(regex);
        }
        return map;
    }
}
