package org.earshot.natives;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.earshot.files.IoReason;

/**
 * A folder that belongs to this user and that nobody else can write. It is checked, not assumed: another user may have
 * made a folder of that name before.
 */
final class PrivateFolder {
    /** Where users choose a folder, for JavaCPP and for us. */
    static final String SETTING = "org.bytedeco.javacpp.cachedir";

    private static final int TYPE = 0170000;
    private static final int FOLDER = 0040000;
    private static final int LINK = 0120000;
    private static final int STICKY = 01000;
    private static final int WRITABLE_BY_OTHERS = 0022;

    private static Root root;

    private PrivateFolder() {}

    /**
     * The folder for this process.
     *
     * @param folder its real path
     * @param temporary whether it is deleted at exit, once it is empty
     */
    record Root(Path folder, boolean temporary) {}

    /**
     * A place to try.
     *
     * @param parent where the folder is to be; made if missing
     * @param name of the folder
     * @param chosen by the user, who answers for what lies above
     * @param spare whether a folder of a random name, deleted at exit, may stand in for one that others spoilt
     */
    record Candidate(Path parent, String name, boolean chosen, boolean spare) {}

    /**
     * Finds the folder for this process, at the first call.
     *
     * @return the folder
     * @throws IOException if there is none; says what is wrong with each place
     */
    static synchronized Root root() throws IOException {
        if (root == null) {
            root = find(candidates());
        }
        return root;
    }

    static Root find(List<Candidate> candidates) throws IOException {
        List<String> objections = new ArrayList<>();
        for (Candidate candidate : candidates) {
            try {
                return open(candidate);
            } catch (IOException | UnsupportedOperationException | SecurityException e) {
                objections.add(candidate.parent().resolve(candidate.name()) + ": " + reason(e));
            }
        }
        throw new IOException("no folder for native libraries that only this user can write (set " + SETTING
                + " to a folder of this user's own; " + String.join("; ", objections) + ")");
    }

    private static String reason(Exception e) {
        return e instanceof Objection ? e.getMessage() : e instanceof IOException io ? IoReason.of(io) : e.toString();
    }

    /** The setting alone where there is one; otherwise the user's cache folder, then the temporary folder. */
    private static List<Candidate> candidates() {
        String chosen = System.getProperty(SETTING, System.getProperty("org.bytedeco.javacpp.cacheDir"));
        List<Candidate> all = new ArrayList<>();
        if (chosen != null && !chosen.isEmpty()) {
            all.add(new Candidate(Path.of(chosen).toAbsolutePath(), "earshot", true, true));
            return all;
        }
        add(all, System.getenv("XDG_CACHE_HOME"), "", "earshot", false);
        add(all, System.getProperty("user.home"), ".cache", "earshot", false);
        String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
        add(all, System.getProperty("java.io.tmpdir"), "", "earshot-" + user, true);
        return all;
    }

    /** A user without a home has "?" or "/nonexistent" there. */
    private static void add(List<Candidate> all, String parent, String below, String name, boolean spare) {
        try {
            if (parent != null && Path.of(parent).isAbsolute()) {
                all.add(new Candidate(Path.of(parent).resolve(below), name, false, spare));
            }
        } catch (InvalidPathException e) {
            // As good as not set.
        }
    }

    private static Root open(Candidate candidate) throws IOException {
        Files.createDirectories(candidate.parent());
        Path parent = candidate.parent().toRealPath();
        if (!candidate.chosen()) {
            requireTrustedAncestors(parent);
        }
        try {
            return new Root(make(parent.resolve(candidate.name())), false);
        } catch (Objection e) {
            if (!candidate.spare()) {
                throw e;
            }
            Path spare = Files.createTempDirectory(parent, candidate.name() + "-");
            spare.toFile().deleteOnExit();
            requirePrivate(spare);
            return new Root(spare, true);
        }
    }

    /**
     * Makes a folder that only this user can write, or checks the one that is there.
     *
     * @param folder its parent exists
     * @return the folder
     * @throws IOException if it cannot be made, or is another's
     */
    static Path make(Path folder) throws IOException {
        try {
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            // Checked like a new one.
        }
        requirePrivate(folder);
        return folder;
    }

    private static void requirePrivate(Path folder) throws IOException {
        Map<String, Object> found = attributes(folder);
        int mode = (Integer) found.get("mode");
        if ((mode & TYPE) == LINK) {
            throw new Objection("is a symbolic link");
        }
        if ((mode & TYPE) != FOLDER) {
            throw new Objection("is not a folder");
        }
        if ((mode & WRITABLE_BY_OTHERS) != 0) {
            throw new Objection("others can write it (mode " + Integer.toOctalString(mode & 07777) + ")");
        }
        // What this process makes belongs to whom it runs as; Java does not tell otherwise.
        Path probe;
        try {
            probe = Files.createTempFile(folder, "", ".probe");
        } catch (IOException e) {
            throw new Objection("cannot be written by this user");
        }
        try {
            if (!attributes(probe).get("uid").equals(found.get("uid"))) {
                throw new Objection("belongs to another user (uid " + found.get("uid") + ")");
            }
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    /**
     * Whoever can rename a folder above can put another in its place. Those above must belong to this user or to whom
     * the root belongs, who need not be number 0 within a user namespace, and not be writable by others unless what
     * others made there is safe from them (the sticky bit).
     */
    private static void requireTrustedAncestors(Path parent) throws IOException {
        Object root = attributes(parent.getRoot()).get("uid");
        Object own = null;
        for (Path folder = parent; folder != null; folder = folder.getParent()) {
            Map<String, Object> found = attributes(folder);
            int mode = (Integer) found.get("mode");
            if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & STICKY) == 0) {
                throw new Objection("others can write " + folder + " above it");
            }
            if (!found.get("uid").equals(root)) {
                own = own == null ? ownUid(parent) : own;
                if (!found.get("uid").equals(own)) {
                    throw new Objection(folder + " above it belongs to another user (uid " + found.get("uid") + ")");
                }
            }
        }
    }

    private static Object ownUid(Path folder) throws IOException {
        Path probe = Files.createTempFile(folder, "earshot", ".probe");
        try {
            return attributes(probe).get("uid");
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    private static Map<String, Object> attributes(Path file) throws IOException {
        try {
            return Files.readAttributes(file, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw new Objection("vanished");
        } catch (IllegalArgumentException e) {
            throw new UnsupportedOperationException("a file system without owners", e);
        }
    }

    /** What is wrong with a folder, in words. */
    private static final class Objection extends IOException {
        private static final long serialVersionUID = 1L;

        Objection(String message) {
            super(message);
        }
    }
}
