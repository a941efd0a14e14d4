package org.earshot.cli.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.earshot.files.IoReason;

/** The files of model directories that commands read: an output must not take the place of one. */
public final class ModelFiles {
    /** Configuration, weights in one file or several, golden files and their tolerances. */
    private static final Pattern NAMES =
            Pattern.compile("config\\.json|parity\\.json|model.*\\.(safetensors|json)|golden.*\\.safetensors");

    private ModelFiles() {}

    /** Those that are there; null is no directory. */
    public static List<Path> of(Iterable<Path> directories) {
        List<Path> all = new ArrayList<>();
        for (Path directory : directories) {
            if (directory != null && Files.isDirectory(directory)) {
                all.addAll(in(directory));
            }
        }
        return all;
    }

    private static List<Path> in(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(
                            file -> NAMES.matcher(file.getFileName().toString()).matches())
                    .toList();
        } catch (IOException e) {
            // Its files may be readable all the same; where they are not, that is said when they are opened.
            System.getLogger(ModelFiles.class.getName())
                    .log(System.Logger.Level.DEBUG, directory + ": " + IoReason.of(e), e);
            return List.of();
        }
    }
}
