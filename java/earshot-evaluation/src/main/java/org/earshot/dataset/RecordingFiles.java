package org.earshot.dataset;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.earshot.audio.AudioFormat;
import org.earshot.files.IoReason;
import org.earshot.files.Quoted;

/**
 * What a search for recordings in and below a folder found. Links are followed; files and folders whose names begin
 * with a dot are hidden and left alone, as systems keep things of their own there ("._street.wav").
 *
 * @param recordings regular files that were wanted, sorted
 * @param others regular files that were not, sorted
 * @param problems what could not be read, and wanted links that lead nowhere; the rest was searched all the same
 */
public record RecordingFiles(List<Path> recordings, List<Path> others, List<DatasetException> problems) {
    /** Kinds of files that a message names. */
    private static final int NAMED = 4;

    /**
     * Searches a folder for recordings, which are known by their names' endings.
     *
     * @param folder where to look
     * @return what is there
     * @throws DatasetException if the folder itself cannot be read
     */
    public static RecordingFiles in(Path folder) {
        return matching(folder, file -> AudioFormat.ofName(file).isPresent(), false);
    }

    /**
     * Searches a folder for files that are asked for.
     *
     * @param start where to look
     * @param wanted tells what is asked for, by the path
     * @param hidden whether hidden files and folders are searched too
     * @return what is there
     * @throws DatasetException if the folder itself cannot be read
     */
    public static RecordingFiles matching(Path start, Predicate<? super Path> wanted, boolean hidden) {
        List<Path> found = new ArrayList<>();
        List<Path> others = new ArrayList<>();
        List<DatasetException> problems = new ArrayList<>();
        try {
            Files.walkFileTree(
                    start, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        private boolean isLeftAlone(Path path) {
                            return !hidden
                                    && !path.equals(start)
                                    && path.getFileName().toString().startsWith(".");
                        }

                        @Override
                        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                            return isLeftAlone(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                            if (isLeftAlone(file)) {
                                return FileVisitResult.CONTINUE;
                            }
                            boolean asked = wanted.test(file);
                            // The walk gives a link's own attributes only where there is nothing behind it.
                            if (attributes.isSymbolicLink() && asked) {
                                problems.add(new DatasetException(file, "a link to nothing", "a recording"));
                            } else if (attributes.isRegularFile()) {
                                (asked ? found : others).add(file);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                            if (file.equals(start)) {
                                throw e;
                            }
                            // A loop of links leads to what is visited anyway.
                            if (!(e instanceof FileSystemLoopException) && !isLeftAlone(file)) {
                                problems.add(unreadable(file, e));
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(Path folder, IOException e) {
                            if (e != null) {
                                problems.add(unreadable(folder, e));
                            }
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException e) {
            throw unreadable(start, e);
        }
        found.sort(null);
        others.sort(null);
        return new RecordingFiles(List.copyOf(found), List.copyOf(others), List.copyOf(problems));
    }

    /**
     * Says what was left out.
     *
     * @return such as {@code 3 files left out, not named like recordings: 2 .txt, 1 .csv}; empty if nothing was
     */
    public Optional<String> leftOut() {
        if (others.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Long> kinds = others.stream()
                .map(RecordingFiles::ending)
                .collect(Collectors.groupingBy(kind -> kind, TreeMap::new, Collectors.counting()));
        String named = kinds.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(NAMED)
                .map(kind -> kind.getValue()
                        + (kind.getKey().isEmpty() ? " without ending" : " ." + Quoted.plain(kind.getKey())))
                .collect(Collectors.joining(", "));
        return Optional.of(others.size() + (others.size() == 1 ? " file" : " files")
                + " left out, not named like recordings: " + named + (kinds.size() > NAMED ? ", ..." : ""));
    }

    /** What stands behind the last dot of a name; empty if there is none. */
    private static String ending(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1);
    }

    private static DatasetException unreadable(Path path, IOException e) {
        return new DatasetException(path, "an I/O error (" + IoReason.of(e) + ")", "a readable file or folder", e);
    }
}
