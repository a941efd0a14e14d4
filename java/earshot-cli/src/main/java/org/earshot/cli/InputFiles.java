package org.earshot.cli;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;

/** Finds the recordings that the command line names: files, folders with all in them, patterns. */
final class InputFiles {
    /** Name endings by which recordings are known in a folder. A file that is named itself may have any. */
    static final Set<String> EXTENSIONS = Set.of(
            "wav", "wave", "bwf", "rf64", "flac", "ogg", "oga", "opus", "mp3", "m4a", "mp4", "aac", "aif", "aiff",
            "caf", "wma", "webm", "mka");

    private static final String PATTERN_CHARACTERS = "*?[{";

    private InputFiles() {}

    /**
     * Expands arguments to files, in the order of the arguments; what a folder or a pattern stands for is sorted.
     *
     * @param arguments as the user typed them
     * @param report takes what is wrong with an argument; the others go on
     * @return paths, which need not exist
     */
    static List<Path> find(List<String> arguments, Consumer<CommandException> report) {
        List<Path> files = new ArrayList<>();
        for (String argument : arguments) {
            try {
                files.addAll(find(argument, report));
            } catch (CommandException e) {
                report.accept(e);
            }
        }
        return files;
    }

    private static List<Path> find(String argument, Consumer<CommandException> report) {
        Path path;
        try {
            path = Path.of(argument);
        } catch (InvalidPathException e) {
            throw new CommandException(Text.visible(argument), "no possible path (" + e.getReason() + ")", "a file", e);
        }
        if (Files.isDirectory(path)) {
            List<Path> found = walk(path, InputFiles::isRecording, report);
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
    private static List<Path> expand(String pattern, Consumer<CommandException> report) {
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
                ? walk(start, file -> matcher.matches(file), report)
                : List.of();
        if (found.isEmpty()) {
            throw new CommandException(Text.visible(pattern), "no file of this pattern", "at least one");
        }
        return found;
    }

    private static boolean isRecording(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return EXTENSIONS.contains(name.substring(dot + 1).toLowerCase(Locale.ROOT));
    }

    /** The files in and below a folder that are wanted and not hidden, sorted. */
    private static List<Path> walk(Path start, Predicate<Path> wanted, Consumer<CommandException> report) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(
                    start, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                            // A leading dot marks what systems keep beside recordings ("._street.wav").
                            if (!file.getFileName().toString().startsWith(".")
                                    && attributes.isRegularFile()
                                    && wanted.test(file)) {
                                found.add(file);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            // A loop of links leads to what is visited anyway.
                            if (!(e instanceof FileSystemLoopException)) {
                                report.accept(unreadable(file, e));
                            }
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            throw unreadable(start, e);
        }
        found.sort(null);
        return found;
    }

    private static CommandException unreadable(Path path, IOException e) {
        return new CommandException(path, "an I/O error (" + e + ")", "a readable file or folder", e);
    }
}
