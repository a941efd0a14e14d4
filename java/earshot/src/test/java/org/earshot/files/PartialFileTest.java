package org.earshot.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.earshot.ChildProcess;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.error.EarshotException;
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
        ChildProcess.run(List.of("mkfifo", pipe.toString()));
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

    /** As with {@code >}: whoever laid the link wants the file where it leads. */
    @Test
    void whatALinkLeadsToIsWrittenAndTheLinkStays() throws IOException {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path there = Files.writeString(elsewhere.resolve("there"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("elsewhere", "there"));
        Path second = Files.createSymbolicLink(folder.resolve("second"), link);
        Path toNothing = Files.createSymbolicLink(folder.resolve("to-nothing"), elsewhere.resolve("new"));
        for (Path target : List.of(link, second, toNothing)) {
            AtomicFile.probe(target);
            AtomicFile.write(target, out -> out.write(target.toString().getBytes(StandardCharsets.UTF_8)));
            assertTrue(Files.isSymbolicLink(target));
            assertEquals(target.toString(), Files.readString(target));
        }
        assertEquals(second.toString(), Files.readString(there));
        assertEquals(toNothing.toString(), Files.readString(elsewhere.resolve("new")));
        Path circle = Files.createSymbolicLink(folder.resolve("circle"), folder.resolve("circle"));
        assertThrows(FileSystemException.class, () -> AtomicFile.probe(circle));
        IOException endless = assertThrows(IOException.class, () -> AtomicFile.write(circle, out -> out.write(1)));
        assertEquals("a loop of links", IoReason.of(endless));
        assertEquals(List.of("circle", "elsewhere", "link", "second", "to-nothing"), names());
    }

    /** {@code --markdown /dev/stdout > file}: whoever has the file open would go on writing to one that is gone. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void whatAProcessHasOpenIsNotReplaced() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.READ)) {
            Path descriptor;
            try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
                descriptor = all.filter(one -> leadsTo(one, file)).findFirst().orElseThrow();
            }
            Path link = Files.createSymbolicLink(folder.resolve("link"), descriptor);
            for (Path target : List.of(
                    descriptor,
                    link,
                    Path.of("/dev/fd").resolve(descriptor.getFileName().toString()))) {
                for (IOException e : List.of(
                        assertThrows(IOException.class, () -> AtomicFile.probe(target)),
                        assertThrows(IOException.class, () -> AtomicFile.write(target, out -> out.write(1))))) {
                    assertEquals("it stands for what a process has open, not for a place", IoReason.of(e));
                }
            }
            assertTrue(open.isOpen());
        }
        assertEquals("mine", Files.readString(file));
        assertEquals(List.of("file", "link"), names());
    }

    private static boolean leadsTo(Path link, Path file) {
        try {
            return Files.readSymbolicLink(link).equals(file.toRealPath());
        } catch (IOException e) {
            return false; // Of a descriptor that is closed by now.
        }
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
    @EnabledOnOs(OS.LINUX)
    void readersSayWhyAndNotWhatWasThrown() {
        // A regular file that nobody can read from its start, not even root.
        Path memory = Path.of("/proc/self/mem");
        assertEquals(
                "a file that cannot be read (input/output error)",
                assertThrows(TextFile.UnfitException.class, () -> TextFile.read(memory, 1000))
                        .getMessage());
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                return read(new byte[1], 0, 1);
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                throw new FileSystemException("secret.part", null, "Input/output error");
            }
        };
        assertEquals(
                "upload: found an I/O error (input/output error); expected a readable file",
                assertThrows(EarshotException.class, () -> AudioFiles.open(broken, "upload", AudioLimits.defaults()))
                        .getMessage());
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
