package org.earshot.server.service;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.earshot.error.ModelException;
import org.earshot.files.IoReason;
import org.earshot.files.Quoted;

/**
 * Where a model that is served lies.
 *
 * @param name what requests call it
 * @param directory a model directory, which is version 1; or a folder of model directories whose names are the numbers
 *     of their versions, as Triton's model repositories have them
 */
public record ModelSource(String name, Path directory) {
    private static final String CONFIG = "config.json";
    /** What can stand in a path as it is. */
    private static final Pattern NAME = Pattern.compile("[\\p{Alnum}._-]{1,128}");

    private static final Pattern VERSION = Pattern.compile("[1-9]\\d{0,8}");

    /** Checks the name. */
    public ModelSource {
        if (!NAME.matcher(name).matches()) {
            throw new ModelException(
                    "model name", Quoted.of(name), "letters, digits, '.', '_' and '-' (NAME=DIR gives another)");
        }
    }

    /**
     * Reads what a command line has.
     *
     * @param text {@code DIR}, whose last folder is the name, or {@code NAME=DIR}
     * @return the source
     * @throws ModelException if the name cannot be one
     */
    public static ModelSource parse(String text) {
        int equals = text.indexOf('=');
        if (equals > 0 && NAME.matcher(text.substring(0, equals)).matches()) {
            return new ModelSource(text.substring(0, equals), Path.of(text.substring(equals + 1)));
        }
        Path directory = Path.of(text);
        Path folder = directory.toAbsolutePath().normalize().getFileName();
        return new ModelSource(folder == null ? "" : folder.toString(), directory);
    }

    /** The model directory of each version. */
    SortedMap<Integer, Path> versions() {
        SortedMap<Integer, Path> versions = new TreeMap<>();
        if (Files.exists(directory.resolve(CONFIG))) {
            versions.put(1, directory);
            return versions;
        }
        try (Stream<Path> folders = Files.list(directory)) {
            folders.filter(folder -> Files.exists(folder.resolve(CONFIG)))
                    .forEach(folder -> number(folder).ifPresent(version -> versions.put(version, folder)));
        } catch (IOException e) {
            throw new ModelException(
                    directory, "a folder that cannot be read (" + IoReason.of(e) + ")", "a model directory", e);
        }
        if (versions.isEmpty()) {
            throw new ModelException(
                    directory,
                    "no " + CONFIG,
                    "a model directory, or a folder of them whose names are the numbers of their versions");
        }
        return versions;
    }

    private static Optional<Integer> number(Path folder) {
        String text = folder.getFileName().toString();
        return VERSION.matcher(text).matches() ? Optional.of(Integer.valueOf(text)) : Optional.empty();
    }
}
