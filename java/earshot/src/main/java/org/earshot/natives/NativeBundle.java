package org.earshot.natives;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.earshot.files.AtomicFile;
import org.earshot.files.FileDigest;
import org.earshot.files.IoReason;

/**
 * Native libraries that belong together, unpacked side by side into a folder of {@link PrivateFolder} whose name holds
 * the digest of them all. Jars that differ in one byte so have folders of their own, whatever they are called. What is
 * there already is compared before it is used, and replaced at once where it differs; any number of processes may do so
 * at the same time.
 *
 * @param name of the folder, before the digest
 * @param libraries in the jars
 * @param identity how the libraries are told from others
 */
public record NativeBundle(String name, List<Library> libraries, Identity identity) {
    static final int DIGEST_CHARACTERS = 32;

    /** In a library's name, where the digest is to be put. */
    private static final String PLACEHOLDER = "-" + "0".repeat(16) + ".";

    /** How libraries are told from others. */
    public enum Identity {
        /** By SHA-256 of their content. */
        CONTENT,

        /**
         * By size and CRC-32 in the jar, which need no unpacking: for 60 MB, half a second in each process. Who could
         * make another library of the same checksum could as well change the jar.
         */
        CHECKSUM
    }

    /**
     * A library.
     *
     * @param source in a jar or a folder of classes
     * @param file its name once unpacked. If that holds 16 zeros in front of a dot, they are replaced by the digest,
     *     there and in all of the bundle's libraries that name it, so that the dynamic loader takes it for no other
     *     version's.
     */
    public record Library(URL source, String file) {}

    /** Copies the lists. */
    public NativeBundle {
        libraries = List.copyOf(libraries);
    }

    /**
     * Unpacks the libraries, or finds that they are unpacked, and compares them with the jar. Folders of other versions
     * that have not been used for long are deleted, and what a killed process has left.
     *
     * @param root where to
     * @param copy 1 for the usual copy, more for those of further class loaders: the JVM gives a file to one only
     * @return the libraries' files, in the bundle's order
     * @throws IOException if a folder is not ours, or a jar cannot be read
     */
    List<Path> unpack(PrivateFolder.Root root, int copy) throws IOException {
        String digest = digest();
        Path folder = make(root, root.folder().resolve(name + "-" + digest));
        UnusedFolders.touch(folder);
        UnusedFolders.delete(root.folder(), name);
        UnusedFolders.deleteUnfinished(root.folder());
        if (copy > 1) {
            folder = make(root, folder.resolve(Integer.toString(copy)));
        }
        UnusedFolders.deleteUnfinished(folder);
        List<Path> files = new ArrayList<>();
        for (Library library : libraries) {
            Path file = folder.resolve(named(library.file(), digest));
            if (!isIntact(library, file, digest)) {
                if (Files.isSymbolicLink(file)) {
                    Files.deleteIfExists(file); // What it leads to is not ours to write.
                }
                write(library, file, digest);
                if (!isIntact(library, file, digest)) {
                    throw new IOException(file + " does not keep what is written to it");
                }
            }
            if (root.temporary()) {
                file.toFile().deleteOnExit();
            }
            files.add(file);
        }
        return files;
    }

    private void write(Library library, Path file, String digest) throws IOException {
        try {
            AtomicFile.write(file, out -> {
                try (InputStream in = open(library, digest)) {
                    in.transferTo(out);
                }
            });
        } catch (IOException e) {
            throw new IOException(
                    file.getParent() + ": " + IoReason.of(e) + " (mend that, or set " + PrivateFolder.SETTING
                            + " to a folder with room for native libraries)",
                    e);
        }
    }

    /** Folders are registered before what is in them, and deleted in the opposite order. */
    private static Path make(PrivateFolder.Root root, Path folder) throws IOException {
        PrivateFolder.make(folder);
        if (root.temporary()) {
            folder.toFile().deleteOnExit();
        }
        return folder;
    }

    private String digest() throws IOException {
        MessageDigest all = FileDigest.sha256();
        for (Library library : libraries) {
            all.update((library.file() + '\n').getBytes(StandardCharsets.UTF_8));
            try {
                all.update(
                        identity == Identity.CHECKSUM
                                ? Checksum.of(library.source()).toString().getBytes(StandardCharsets.UTF_8)
                                : sha256(library.source()));
            } catch (IOException e) {
                throw new IOException(library.source() + ": " + IoReason.of(e), e);
            }
        }
        return HexFormat.of().formatHex(all.digest()).substring(0, DIGEST_CHARACTERS);
    }

    /**
     * The JDK would keep a jar open as long as the process runs, and go on reading it where an application was deployed
     * anew with another.
     */
    private static URLConnection connection(URL source) throws IOException {
        URLConnection connection = source.openConnection();
        connection.setUseCaches(false);
        return connection;
    }

    private static byte[] sha256(URL source) throws IOException {
        MessageDigest one = FileDigest.sha256();
        try (InputStream in = new DigestInputStream(connection(source).getInputStream(), one)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return one.digest();
    }

    private boolean isIntact(Library library, Path file, String digest) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (identity == Identity.CHECKSUM) {
            return Checksum.of(file).equals(Checksum.of(library.source()));
        }
        try (InputStream expected = open(library, digest);
                InputStream found = Files.newInputStream(file)) {
            return sameContent(expected, found);
        }
    }

    private static boolean sameContent(InputStream expected, InputStream found) throws IOException {
        byte[] one = new byte[1 << 16];
        byte[] other = new byte[1 << 16];
        int read;
        do {
            read = expected.readNBytes(one, 0, one.length);
            int readOther = found.readNBytes(other, 0, other.length);
            if (!Arrays.equals(one, 0, read, other, 0, readOther)) {
                return false;
            }
        } while (read > 0);
        return true;
    }

    private static String named(String text, String digest) {
        return text.replace(PLACEHOLDER, "-" + digest.substring(0, PLACEHOLDER.length() - 2) + ".");
    }

    /** A library as it is unpacked: with the digest in the names that have room for it. */
    private InputStream open(Library library, String digest) throws IOException {
        InputStream in = connection(library.source()).getInputStream();
        for (Library named : libraries) {
            if (named.file().contains(PLACEHOLDER)) {
                in = new RenamingStream(in, named.file(), named(named.file(), digest));
            }
        }
        return new BufferedInputStream(in);
    }

    /** Size and CRC-32, which a jar keeps of each of its entries. */
    private record Checksum(long size, long crc) {
        static Checksum of(URL source) throws IOException {
            URLConnection connection = connection(source);
            // Closing it closes the jar too.
            try (InputStream in = connection.getInputStream()) {
                if (connection instanceof JarURLConnection jar
                        && jar.getJarEntry() != null
                        && jar.getJarEntry().getCrc() >= 0) {
                    return new Checksum(
                            jar.getJarEntry().getSize(), jar.getJarEntry().getCrc());
                }
                return of(in);
            }
        }

        static Checksum of(Path file) throws IOException {
            try (InputStream in = Files.newInputStream(file)) {
                return of(in);
            }
        }

        private static Checksum of(InputStream in) throws IOException {
            CRC32 crc = new CRC32();
            byte[] block = new byte[1 << 16];
            long size = 0;
            try (CheckedInputStream checked = new CheckedInputStream(in, crc)) {
                for (int read = checked.read(block); read >= 0; read = checked.read(block)) {
                    size += read;
                }
            }
            return new Checksum(size, crc.getValue());
        }
    }
}
