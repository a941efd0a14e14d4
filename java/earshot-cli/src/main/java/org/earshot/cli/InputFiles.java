package org.earshot.cli;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.PatternSyntaxException;
import org.earshot.EarshotException;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.RecordingFiles;

/** Finds the recordings that the command line names: files, folders with all in them, patterns. */
final class InputFiles {
    private static final String PATTERN_CHARACTERS = "*?[{";

    private InputFiles() {}

    /**
     * Expands arguments to files, in the order of the arguments; what a folder or a pattern stands for is sorted.
     *
     * @param arguments as the user typed them
     * @param report takes what is wrong with an argument; the others go on
     * @return paths, which need not exist
     */
    static List<Path> find(List<String> arguments, Consumer<EarshotException> report) {
        List<Path> files = new ArrayList<>();
        for (String argument : arguments) {
            try {
                files.addAll(find(argument, report));
            } catch (CommandException | DatasetException e) {
                report.accept(e);
            }
        }
        return files;
    }

    private static List<Path> find(String argument, Consumer<EarshotException> report) {
        Path path;
        try {
            path = Path.of(argument);
        } catch (InvalidPathException e) {
            throw new CommandException(Text.visible(argument), "no possible path (" + e.getReason() + ")", "a file", e);
        }
        if (Files.isDirectory(path)) {
            List<Path> found = RecordingFiles.in(path, report);
            if (found.isEmpty()) {
                throw new CommandException(path, "no recording in this folder", "files such as .wav or .flac");
            }
            return found;
        }
        if (!Files.exists(path) && isPattern(argument)) {
            return expand(argument, report);
        }
        return List.of(path);
    }

    private static boolean isPattern(String text) {
        return text.chars().anyMatch(c -> PATTERN_CHARACTERS.indexOf(c) >= 0);
    }

    /** Expands a pattern that no shell expanded: {@code *}, {@code **}, {@code ?}, {@code [...]}, {@code {...}}. */
    private static List<Path> expand(String pattern, Consumer<EarshotException> report) {
        Path whole = Path.of(pattern);
        Path start = whole.getRoot() == null ? Path.of("") : whole.getRoot();
        for (Path part : whole) {
            if (isPattern(part.toString())) {
                break;
            }
            start = start.resolve(part);
        }
        PathMatcher matcher;
        try {
            matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        } catch (PatternSyntaxException e) {
            throw new CommandException(Text.visible(pattern), "no such file, and no pattern", "a file or pattern", e);
        }
        List<Path> found = Files.isDirectory(start.toAbsolutePath())
                ? RecordingFiles.matching(start, matcher::matches, report)
                : List.of();
        if (found.isEmpty()) {
            throw new CommandException(Text.visible(pattern), "no file of this pattern", "at least one");
        }
        return found;
    }
}
