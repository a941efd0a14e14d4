package org.earshot.cli.input;

import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.PatternSyntaxException;
import java.util.stream.StreamSupport;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Text;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.RecordingFiles;
import org.earshot.error.EarshotException;

/** Finds the recordings that the command line names: files, folders with all in them, patterns. */
public final class InputFiles {
    private static final String PATTERN_CHARACTERS = "*?[{";

    /** Any folders, or none. */
    private static final String ANY_FOLDERS = "**/";

    /** Of a pattern: each of them doubles what has to be matched. */
    private static final int MOST_ANY_FOLDERS = 6;

    private final Consumer<EarshotException> report;
    private final Consumer<String> remark;

    /**
     * Prepares a search.
     *
     * @param report takes what is wrong with an argument; the others go on
     * @param remark takes what was left out
     */
    public InputFiles(Consumer<EarshotException> report, Consumer<String> remark) {
        this.report = report;
        this.remark = remark;
    }

    /**
     * Expands arguments to files, in the order of the arguments; what a folder or a pattern stands for is sorted.
     *
     * @param arguments as the user typed them
     * @return paths, which need not exist
     */
    public List<Path> find(List<String> arguments) {
        List<Path> files = new ArrayList<>();
        for (String argument : arguments) {
            try {
                files.addAll(find(argument));
            } catch (CommandException | DatasetException e) {
                report.accept(e);
            }
        }
        return files;
    }

    private List<Path> find(String argument) {
        if (argument.isEmpty()) {
            // Java takes it for the folder that the process runs in; scripts mean a variable that is not set.
            throw new CommandException("FILE", "an empty name", "a file, folder or pattern");
        }
        Path path;
        try {
            path = Path.of(argument);
        } catch (InvalidPathException e) {
            throw new CommandException(Text.visible(argument), "no possible path (" + e.getReason() + ")", "a file", e);
        }
        if (Files.isDirectory(path)) {
            RecordingFiles found = RecordingFiles.in(path);
            found.leftOut().ifPresent(kinds -> remark.accept(Text.visible(argument) + ": " + kinds));
            return recordings(found, path, "no recording in this folder", "files such as .wav or .flac");
        }
        if (!Files.exists(path) && isPattern(argument)) {
            return expand(path);
        }
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            throw new CommandException(path, "a link to nothing", "a recording");
        }
        return List.of(path);
    }

    /** What was found, or a complaint where it is nothing. */
    private List<Path> recordings(RecordingFiles found, Path argument, String nothing, String expected) {
        found.problems().forEach(report);
        if (!found.recordings().isEmpty()) {
            return found.recordings();
        }
        if (found.problems().isEmpty()) {
            throw new CommandException(argument, nothing, expected);
        }
        return List.of();
    }

    private static boolean isPattern(String text) {
        return text.chars().anyMatch(c -> PATTERN_CHARACTERS.indexOf(c) >= 0);
    }

    /** Expands a pattern that no shell expanded: {@code *}, {@code **}, {@code ?}, {@code [...]}, {@code {...}}. */
    private List<Path> expand(Path pattern) {
        List<String> parts = new ArrayList<>(StreamSupport.stream(pattern.spliterator(), false)
                .map(Path::toString)
                .toList());
        Path start = pattern.getRoot() == null ? Path.of("") : pattern.getRoot();
        // What is there under its very name is no pattern, whatever it looks like.
        while (parts.size() > 1
                && (!isPattern(parts.get(0)) || Files.exists(start.resolve(parts.get(0)), LinkOption.NOFOLLOW_LINKS))) {
            start = start.resolve(parts.remove(0));
        }
        Path from = start;
        List<PathMatcher> matchers = matchers(pattern, String.join("/", parts));
        boolean hidden = parts.stream().anyMatch(part -> part.startsWith("."));
        if (!Files.isDirectory(from.toAbsolutePath())) {
            throw new CommandException(pattern, "no file of this pattern", "at least one");
        }
        RecordingFiles found = RecordingFiles.matching(
                from, file -> matchers.stream().anyMatch(matcher -> matcher.matches(from.relativize(file))), hidden);
        return recordings(found, pattern, "no file of this pattern", "at least one");
    }

    /** Java's pattern wants a folder where shells take none as well: one matcher for each of the ways to read it. */
    private static List<PathMatcher> matchers(Path whole, String pattern) {
        List<String> readings = new ArrayList<>(List.of(""));
        int begin = 0;
        int count = 0;
        for (int at = pattern.indexOf(ANY_FOLDERS); at >= 0; at = pattern.indexOf(ANY_FOLDERS, at + 1)) {
            if (at > 0 && "/{,".indexOf(pattern.charAt(at - 1)) < 0) {
                continue;
            }
            count++;
            if (count > MOST_ANY_FOLDERS) {
                throw new CommandException(whole, "more than " + MOST_ANY_FOLDERS + " of " + ANY_FOLDERS, "fewer");
            }
            String before = pattern.substring(begin, at);
            readings = readings.stream()
                    .flatMap(reading -> List.of(reading + before, reading + before + ANY_FOLDERS).stream())
                    .toList();
            begin = at + ANY_FOLDERS.length();
        }
        String rest = pattern.substring(begin);
        try {
            return readings.stream()
                    .map(reading -> FileSystems.getDefault().getPathMatcher("glob:" + reading + rest))
                    .toList();
        } catch (PatternSyntaxException e) {
            throw new CommandException(whole, "no such file, and no pattern", "a file or pattern", e);
        }
    }
}
