package org.earshot.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PartialFileTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void whatIsNotFinishedIsDeleted() throws IOException {
        try (PartialFile place = PartialFile.in(folder)) {
            Files.createDirectory(place.path());
            Files.writeString(place.path().resolve("a"), "a");
        }
        assertEquals(List.of(), names());
        assertThrows(
                IOException.class,
                () -> AtomicFile.write(folder.resolve("x"), out -> {
                    out.write(1);
                    throw new IOException("full");
                }));
        assertEquals(List.of(), names());
    }

    /** Who is root could otherwise move a file to where /dev/null was. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void noFileTakesThePlaceOfWhatIsNone() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Path link = Files.createSymbolicLink(folder.resolve("link"), pipe);
        Path part = Files.writeString(folder.resolve("part"), "whole");
        for (Path target : List.of(pipe, link)) {
            assertThrows(
                    FileSystemException.class,
                    () -> AtomicFile.write(target, out -> {
                        throw new AssertionError("begun");
                    }));
            assertThrows(FileSystemException.class, () -> AtomicFile.replace(part, target));
            assertTrue(Files.exists(target) && !Files.isRegularFile(target), target.toString());
        }
        assertEquals(List.of("link", "part", "pipe"), names());
    }

    /** The temporary file's name may not be longer than a name that is allowed. */
    @Test
    void theLongestNameCanBeWritten() throws IOException {
        Path longest = folder.resolve("x".repeat(255));
        AtomicFile.probe(longest);
        AtomicFile.write(longest, out -> out.write(7));
        assertArrayEquals(new byte[] {7}, Files.readAllBytes(longest));
        assertEquals(1, names().size());
        assertThrows(FileSystemException.class, () -> AtomicFile.probe(folder.resolve("x".repeat(256))));
        assertThrows(NoSuchFileException.class, () -> AtomicFile.probe(folder.resolve("none/x")));
        assertEquals(1, names().size());
    }

    @Test
    void reasonsNameNoFile() {
        Path secret = folder.resolve("secret.part");
        IOException missing = assertThrows(IOException.class, () -> Files.readString(secret));
        assertEquals("no such file or folder", IoReason.of(missing));
        IOException tooLong =
                assertThrows(IOException.class, () -> Files.createFile(folder.resolve("secret".repeat(100))));
        assertEquals("file name too long", IoReason.of(tooLong));
        assertEquals("IOException", IoReason.of(new IOException()));
        assertEquals("no space left on device", IoReason.of(new IOException("No space left on device")));
    }

    @Test
    void aClaimedFileIsOnesAloneUntilItIsClosed() throws IOException {
        Path path = folder.resolve("a");
        try (PositionedFile first = PositionedFile.claim(path).orElseThrow()) {
            assertTrue(PositionedFile.claim(path).isEmpty());
            first.writeFully(ByteBuffer.wrap("abc".getBytes(StandardCharsets.UTF_8)), 0);
            // Moved away: the next one claims another file, not this one.
            Files.move(path, folder.resolve("b"));
            try (PositionedFile second = PositionedFile.claim(path).orElseThrow()) {
                assertEquals(0, second.size());
                assertEquals(3, first.size());
            }
            first.unlock();
            try (PositionedFile moved =
                    PositionedFile.claim(folder.resolve("b")).orElseThrow()) {
                assertEquals(3, moved.size());
            }
        }
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("target"));
        assertThrows(IOException.class, () -> PositionedFile.claim(link));
        assertFalse(Files.exists(folder.resolve("target")));
    }

    @Test
    void anInterruptLeavesAFileOpen() throws IOException {
        Path path = Files.writeString(folder.resolve("a"), "abc");
        try (PositionedFile file = PositionedFile.open(path, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(3);
            Thread.currentThread().interrupt();
            assertTrue(file.readFully(bytes, 0));
            assertTrue(Thread.interrupted());
            assertFalse(file.readFully(bytes.clear(), 1));
            assertTrue(file.readFully(bytes.clear(), 0));
            assertEquals("abc", new String(bytes.array(), StandardCharsets.UTF_8));
        }
    }
}
