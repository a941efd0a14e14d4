package org.earshot.natives;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * Deletes what earlier versions unpacked, and what processes left behind that were killed while they did. A folder's
 * time says when a process last took libraries out of it. A process that runs on without its folder is none the worse:
 * what it has loaded stays mapped, and what it loads later it unpacks again.
 */
final class UnusedFolders {
    /** How long no process took anything out of a folder that is deleted. */
    static final Duration UNUSED = Duration.ofDays(30);

    /** How old a file is that no process can still be about to finish: one takes seconds, if it is not stopped. */
    static final Duration LEFT = Duration.ofDays(1);

    /** {@link PrivateFolder} makes the former, {@link org.earshot.files.PartialFile} the latter. */
    private static final Pattern UNFINISHED = Pattern.compile("\\d+\\.probe|\\.earshot-[0-9a-f-]{36}\\.part");

    private UnusedFolders() {}

    /** Notes that the folder is in use; where it cannot be written, nothing can delete it either. */
    static void touch(Path folder) {
        try {
            Files.setLastModifiedTime(folder, FileTime.from(Instant.now()));
        } catch (IOException e) {
            // Read only.
        }
    }

    /**
     * Deletes a bundle's folders that have not been used for {@link #UNUSED}; links are deleted, not followed. What
     * cannot be deleted stays: that is a loss of space only.
     *
     * @param root the user's own folder
     * @param bundle the folders' name, before the digest
     */
    static void delete(Path root, String bundle) {
        Pattern name = Pattern.compile(Pattern.quote(bundle) + "-[0-9a-f]{" + NativeBundle.DIGEST_CHARACTERS + "}");
        Instant oldest = Instant.now().minus(UNUSED);
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(
                root, folder -> name.matcher(folder.getFileName().toString()).matches())) {
            for (Path folder : folders) {
                BasicFileAttributes found =
                        Files.readAttributes(folder, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (found.isDirectory() && found.lastModifiedTime().toInstant().isBefore(oldest)) {
                    deleteTree(folder);
                }
            }
        } catch (IOException e) {
            // Another process may be deleting as well.
        }
    }

    /**
     * Deletes files that a process which was killed has left, if they are older than {@link #LEFT}.
     *
     * @param folder of this user's own, in which libraries are unpacked or such folders lie
     */
    static void deleteUnfinished(Path folder) {
        Instant oldest = Instant.now().minus(LEFT);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                folder,
                file -> UNFINISHED.matcher(file.getFileName().toString()).matches())) {
            for (Path file : files) {
                BasicFileAttributes found =
                        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (found.isRegularFile()
                        && found.lastModifiedTime().toInstant().isBefore(oldest)) {
                    Files.delete(file);
                }
            }
        } catch (IOException e) {
            // As above.
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
