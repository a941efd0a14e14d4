package org.earshot.natives;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.earshot.files.PartialFile;
import org.earshot.natives.NativeBundle.Identity;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NativeBundleTest {
    private static final String ZEROS = "libk-0000000000000000.so";

    @TempDir
    Path folder;

    private PrivateFolder.Root root;

    @BeforeEach
    void root() throws IOException {
        root = new PrivateFolder.Root(PrivateFolder.make(folder.toRealPath().resolve("root")), false);
    }

    @ParameterizedTest
    @EnumSource
    void unpacksWhatTheJarHoldsAndReplacesWhatDiffers(Identity identity) throws IOException {
        byte[] content = content(1, 200_000);
        NativeBundle bundle = bundle(jar("app.jar", content), identity, "lib.so");
        Path file = bundle.unpack(root, 1).get(0);
        assertArrayEquals(content, Files.readAllBytes(file));

        // One byte, with size and time as they were: what JavaCPP's cache would take.
        FileTime time = Files.getLastModifiedTime(file);
        byte[] planted = content.clone();
        planted[123_456] ^= 1;
        Files.write(file, planted);
        Files.setLastModifiedTime(file, time);
        assertEquals(file, bundle.unpack(root, 1).get(0));
        assertArrayEquals(content, Files.readAllBytes(file));

        Files.write(file, new byte[0]);
        bundle.unpack(root, 1);
        assertArrayEquals(content, Files.readAllBytes(file));
    }

    /** An application that is deployed anew, under the same name, in a JVM that goes on. */
    @ParameterizedTest
    @EnumSource
    void readsTheJarThatIsThereAndKeepsNoneOpen(Identity identity) throws IOException {
        for (int version = 1; version <= 3; version++) {
            byte[] content = content(version, 1000 * version);
            NativeBundle bundle = bundle(jar("app.jar", content), identity, "lib.so");
            assertArrayEquals(content, Files.readAllBytes(bundle.unpack(root, 1).get(0)));
            Path descriptors = Path.of("/proc/self/fd");
            if (Files.exists(descriptors)) {
                try (Stream<Path> open = Files.list(descriptors)) {
                    assertEquals(List.of(), open.filter(this::leadsHere).toList());
                }
            }
            Files.delete(folder.resolve("app.jar"));
        }
    }

    private boolean leadsHere(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().contains(folder.toString());
        } catch (IOException e) {
            return false; // That of the listing itself.
        }
    }

    @Test
    void namesAJarThatCannotBeRead() throws IOException {
        URL gone = jar("gone.jar", content(1, 10));
        Files.delete(folder.resolve("gone.jar"));
        for (Identity identity : Identity.values()) {
            String said = assertThrows(IOException.class, () -> bundle(gone, identity, "lib.so")
                            .unpack(root, 1))
                    .getMessage();
            assertEquals(gone + ": no such file or folder", said);
        }
    }

    /** As it does where the disk is full, too. */
    @Test
    void saysWhereLibrariesCannotBeWrittenAndWhatToDo() throws IOException {
        NativeBundle bundle = bundle(jar("app.jar", content(1, 1000)), Identity.CONTENT, "lib.so");
        Path file = bundle.unpack(root, 1).get(0);
        Files.delete(file);
        Files.createFile(Files.createDirectory(file).resolve("another's"));
        String said =
                assertThrows(IOException.class, () -> bundle.unpack(root, 1)).getMessage();
        assertTrue(said.startsWith(file.getParent() + ": "), said);
        assertTrue(said.contains(PrivateFolder.SETTING), said);
        assertFalse(said.contains(".part"), "no name of a file that nobody knows: " + said);
    }

    @ParameterizedTest
    @EnumSource
    void aLinkInTheFilesPlaceIsReplacedNotFollowed(Identity identity) throws IOException {
        byte[] content = content(1, 1000);
        NativeBundle bundle = bundle(jar("app.jar", content), identity, "lib.so");
        Path file = bundle.unpack(root, 1).get(0);
        Path other = Files.write(folder.resolve("other"), content);
        Files.delete(file);
        Files.createSymbolicLink(file, other);
        bundle.unpack(root, 1);
        assertTrue(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
        assertArrayEquals(content, Files.readAllBytes(other));
    }

    @Test
    void whatNoProcessHasUsedForLongIsDeletedAndLinksAreNotFollowed() throws IOException {
        NativeBundle bundle = bundle(jar("app.jar", content(1, 1000)), Identity.CONTENT, "lib.so");
        Path own = bundle.unpack(root, 1).get(0).getParent();
        String prefix = own.getFileName().toString().replaceFirst("[0-9a-f]{32}$", "");
        FileTime longAgo =
                FileTime.from(Instant.now().minus(UnusedFolders.UNUSED).minusSeconds(60));
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Path kept = Files.write(outside.resolve("kept"), new byte[1]);

        Path old = Files.createDirectories(root.folder().resolve(prefix + "0".repeat(32) + "/2"));
        Files.write(old.resolve("lib.so"), new byte[10]);
        Files.createSymbolicLink(old.resolve("link"), outside);
        Path recent = Files.createDirectory(root.folder().resolve(prefix + "1".repeat(32)));
        Path foreign = Files.createDirectory(root.folder().resolve(prefix + "notes"));
        Path linked = Files.createSymbolicLink(root.folder().resolve(prefix + "2".repeat(32)), outside);
        for (Path aged : List.of(old.getParent(), foreign, outside, own)) {
            Files.setLastModifiedTime(aged, longAgo);
        }

        bundle.unpack(root, 1);
        assertFalse(Files.exists(old.getParent()));
        for (Path path : List.of(own.resolve("lib.so"), recent, foreign, linked, kept)) {
            assertTrue(Files.exists(path), path.toString());
        }
    }

    /** Of a process that was killed there is what it had not deleted yet; of one that goes on, it is younger. */
    @Test
    void whatKilledProcessesHaveLeftIsDeleted() throws IOException {
        NativeBundle bundle = bundle(jar("app.jar", content(1, 100)), Identity.CONTENT, "lib.so");
        Path copy = bundle.unpack(root, 2).get(0).getParent();
        FileTime aged = FileTime.from(Instant.now().minus(UnusedFolders.LEFT).minusSeconds(60));
        List<Path> left = new ArrayList<>();
        List<Path> kept = new ArrayList<>();
        for (Path place : List.of(root.folder(), copy.getParent(), copy)) {
            for (List<Path> files : List.of(left, kept)) {
                files.add(Files.createTempFile(place, "", ".probe")); // As PrivateFolder does.
                files.add(Files.createFile(PartialFile.in(place).path()));
            }
            kept.add(Files.createFile(place.resolve("notes.probe")));
            kept.add(Files.createFile(place.resolve("notes.part")));
        }
        for (Path file : left) {
            Files.setLastModifiedTime(file, aged);
        }
        for (Path file :
                kept.stream().filter(file -> file.toString().contains("notes")).toList()) {
            Files.setLastModifiedTime(file, aged);
        }
        bundle.unpack(root, 1);
        bundle.unpack(root, 2);
        assertEquals(List.of(), left.stream().filter(Files::exists).toList());
        assertEquals(kept, kept.stream().filter(Files::exists).toList());
    }

    @ParameterizedTest
    @EnumSource
    void jarsOfOneNameThatDifferInOneByteDoNotShareAFolder(Identity identity) throws IOException {
        byte[] one = content(1, 5000);
        byte[] two = one.clone();
        two[4999] ^= 1;
        Path first = bundle(jar("one/app.jar", one), identity, "lib.so")
                .unpack(root, 1)
                .get(0);
        Path second = bundle(jar("two/app.jar", two), identity, "lib.so")
                .unpack(root, 1)
                .get(0);
        assertNotEquals(first.getParent(), second.getParent());
        assertArrayEquals(one, Files.readAllBytes(first));
        assertArrayEquals(two, Files.readAllBytes(second));
        Path again = bundle(jar("three/other.jar", one), identity, "lib.so")
                .unpack(root, 1)
                .get(0);
        assertEquals(first, again, "the same content under another name");
    }

    @Test
    void furtherCopiesAreFilesOfTheirOwn() throws IOException {
        NativeBundle bundle = bundle(jar("app.jar", content(1, 100)), Identity.CONTENT, "lib.so");
        Path first = bundle.unpack(root, 1).get(0);
        Path second = bundle.unpack(root, 2).get(0);
        assertNotEquals(Files.getAttribute(first, "unix:ino"), Files.getAttribute(second, "unix:ino"));
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    }

    @Test
    void manyAtOnceAllFindItWhole() throws Exception {
        byte[] content = content(1, 2_000_000);
        URL source = jar("app.jar", content);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<byte[]>> tasks = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                tasks.add(() -> Files.readAllBytes(bundle(source, Identity.CONTENT, "lib.so")
                        .unpack(root, 1)
                        .get(0)));
            }
            for (Future<byte[]> result : threads.invokeAll(tasks)) {
                assertArrayEquals(content, result.get());
            }
        } finally {
            threads.shutdown();
        }
        try (var files = Files.walk(root.folder())) {
            assertEquals(1, files.filter(Files::isRegularFile).count(), "nothing half-written stays");
        }
    }

    @Test
    void librariesNameEachOtherByTheDigest() throws IOException {
        byte[] text = ("before " + ZEROS + " and " + ZEROS + " after").getBytes(StandardCharsets.US_ASCII);
        NativeBundle bundle = bundle(jar("app.jar", text), Identity.CONTENT, ZEROS);
        Path file = bundle.unpack(root, 1).get(0);
        String name = file.getFileName().toString();
        String digest = file.getParent().getFileName().toString().substring("test-".length());
        assertEquals(32, digest.length());
        assertEquals("libk-" + digest.substring(0, 16) + ".so", name);
        assertEquals("before " + name + " and " + name + " after", Files.readString(file));
        assertEquals(List.of(file), bundle.unpack(root, 1));
    }

    /** Wherever a name lies relative to the blocks that are read. */
    @Test
    void namesAreFoundAcrossBlocks() throws IOException {
        Random random = new Random(5);
        for (int at = 65_530; at < 65_570; at++) {
            byte[] content = content(at, 140_000);
            byte[] expected = content.clone();
            for (int place : new int[] {0, at, 140_000 - 4}) {
                System.arraycopy("name".getBytes(StandardCharsets.US_ASCII), 0, content, place, 4);
                System.arraycopy("NEMO".getBytes(StandardCharsets.US_ASCII), 0, expected, place, 4);
            }
            byte[] found = new byte[content.length];
            try (InputStream in = new RenamingStream(new ByteArrayInputStream(content), "name", "NEMO")) {
                int length = 0;
                for (int read = 0; read >= 0; length += Math.max(0, read)) {
                    read = in.read(found, length, Math.min(found.length - length, 1 + random.nextInt(70_000)));
                    if (length + Math.max(0, read) == found.length) {
                        assertEquals(-1, in.read());
                        read = -1;
                        length = found.length;
                    }
                }
            }
            assertArrayEquals(expected, found);
        }
    }

    @Test
    void aFolderPreparedByOthersIsNotUsed() throws IOException {
        NativeBundle bundle = bundle(jar("app.jar", content(1, 100)), Identity.CONTENT, "lib.so");
        Path unpacked = bundle.unpack(root, 1).get(0).getParent();
        Files.setAttribute(unpacked, "unix:mode", 0777);
        IOException refused =
                org.junit.jupiter.api.Assertions.assertThrows(IOException.class, () -> bundle.unpack(root, 1));
        assertTrue(refused.getMessage().contains("others can write"), refused.getMessage());
        assertFalse(refused.getMessage().isEmpty());
    }

    private static NativeBundle bundle(URL source, Identity identity, String file) {
        return new NativeBundle("test", List.of(new NativeBundle.Library(source, file)), identity);
    }

    private static byte[] content(long seed, int length) {
        byte[] content = new byte[length];
        new Random(seed).nextBytes(content);
        return content;
    }

    /** All entries have the same time, as in a reproducible build. */
    private URL jar(String name, byte[] content) throws IOException {
        Path jar = folder.resolve(name);
        Files.createDirectories(jar.getParent());
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            ZipEntry entry = new ZipEntry("p/lib.so");
            entry.setTime(1_767_225_600_000L);
            zip.putNextEntry(entry);
            zip.write(content);
        }
        return URI.create("jar:" + jar.toUri() + "!/p/lib.so").toURL();
    }
}
