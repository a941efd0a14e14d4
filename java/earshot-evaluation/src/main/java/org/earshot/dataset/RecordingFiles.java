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
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Finds recordings in folders. */
public final class RecordingFiles {
    /** Name endings by which recordings are known in a folder. A file that is named itself may have any. */
    private static final Set<String> EXTENSIONS = Set.of(
            "wav", "wave", "bwf", "rf64", "flac", "ogg", "oga", "opus", "mp3", "m4a", "mp4", "aac", "aif", "aiff",
            "caf", "wma", "webm", "mka");

    private RecordingFiles() {}

    /**
     * The recordings in and below a folder, known by their names' endings.
     *
     * @param folder where to look; links are followed
     * @param report takes what cannot be read in it; the rest is searched all the same
     * @return regular files that are not hidden, sorted
     * @throws DatasetException if the folder itself cannot be read
     */
    public static List<Path> in(Path folder, Consumer<? super DatasetException> report) {
        return matching(
                folder,
                file -> EXTENSIONS.contains(
                        extension(file.getFileName().toString()).toLowerCase(Locale.ROOT)),
                report);
    }

    /** What stands behind the last dot of a name; the whole name if there is none. */
    private static String extension(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /**
     * The files in and below a folder that are wanted.
     *
     * @param start where to look; links are followed
     * @param wanted tells what is asked for, by the path
     * @param report takes what cannot be read in it; the rest is searched all the same
     * @return regular files that are not hidden, sorted
     * @throws DatasetException if the folder itself cannot be read
     */
    public static List<Path> matching(
            Path start, Predicate<? super Path> wanted, Consumer<? super DatasetException> report) {
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

    private static DatasetException unreadable(Path path, IOException e) {
        return new DatasetException(path, "an I/O error (" + e + ")", "a readable file or folder", e);
    }
}
