package org.earshot.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What others may have prepared where our folder is to be. */
class PrivateFolderTest {
    private static final String NAME = "earshot";

    @TempDir
    Path parent;

    @BeforeEach
    void realPath() throws IOException {
        parent = parent.toRealPath();
    }

    @Test
    void isMadeForThisUserAlone() throws IOException {
        PrivateFolder.Root root = find(parent.resolve("not/there/yet"), false, false);
        assertEquals(parent.resolve("not/there/yet").resolve(NAME), root.folder());
        assertEquals("rwx------", permissions(root.folder()));
        assertFalse(root.temporary());
        assertEquals(root, find(parent.resolve("not/there/yet"), false, false), "the same at the next start");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwx---", "rwx-w----", "rwx----w-", "rwxrwxrwx"})
    void oneThatOthersCanWriteIsRefused(String permissions) throws IOException {
        Path folder = Files.createDirectory(parent.resolve(NAME));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
        assertRefused("others can write it");
    }

    @Test
    void oneThatOthersCanReadWillDo() throws IOException {
        Path folder = Files.createDirectory(parent.resolve(NAME));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertEquals(folder, find(parent, false, false).folder());
    }

    @Test
    void aLinkIsRefusedWhereverItLeads() throws IOException {
        Path elsewhere = PrivateFolder.make(parent.resolve("elsewhere"));
        Files.createSymbolicLink(parent.resolve(NAME), elsewhere);
        assertRefused("symbolic link");
        Files.delete(elsewhere);
        assertRefused("symbolic link");
    }

    @Test
    void aFileIsRefused() throws IOException {
        Files.createFile(parent.resolve(NAME));
        assertRefused("not a folder");
    }

    @Test
    void anotherUsersIsRefused() throws IOException {
        Path folder = PrivateFolder.make(parent.resolve(NAME));
        assumeTrue(giveAway(folder), "only root can give a folder to another user");
        assertRefused("belongs to another user (uid 12345)");
    }

    @Test
    void oneWithinAnotherUsersFolderIsRefusedUnlessTheUserChoseIt() throws IOException {
        Path above = Files.createDirectory(parent.resolve("above"));
        assumeTrue(giveAway(above), "only root can give a folder to another user");
        assertTrue(refusal(above, false, false).contains(above + " above it belongs to another user"));
        assertEquals(above.resolve(NAME), find(above, true, false).folder());
    }

    @Test
    void oneThatOthersCouldReplaceIsRefused() throws IOException {
        Path above = Files.createDirectory(parent.resolve("above"));
        Files.setPosixFilePermissions(above, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertTrue(refusal(above, false, false).contains("others can write " + above + " above it"));
        // In a folder like /tmp others cannot rename what is not theirs.
        Files.setAttribute(above, "unix:mode", 01777);
        assertEquals(above.resolve(NAME), find(above, false, false).folder());
    }

    @Test
    void aSpoiltNameInTheTemporaryFolderCostsNoMoreThanTheName() throws IOException {
        Path folder = Files.createDirectory(parent.resolve(NAME));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        PrivateFolder.Root root = find(parent, false, true);
        assertTrue(root.temporary());
        assertEquals(parent, root.folder().getParent());
        assertEquals("rwx------", permissions(root.folder()));
    }

    @Test
    void theNextPlaceIsTakenWhereOneIsSpoilt() throws IOException {
        Files.createFile(parent.resolve(NAME));
        Path next = parent.resolve("next");
        assertEquals(
                next.resolve(NAME),
                PrivateFolder.find(List.of(
                                new PrivateFolder.Candidate(parent, NAME, false, false),
                                new PrivateFolder.Candidate(next, NAME, false, false)))
                        .folder());
    }

    private void assertRefused(String reason) {
        String message = refusal(parent, false, false);
        assertTrue(message.contains(parent.resolve(NAME) + ": "), message);
        assertTrue(message.contains(reason), message);
        assertTrue(message.contains("org.bytedeco.javacpp.cachedir"), message);
    }

    private static String refusal(Path parent, boolean chosen, boolean spare) {
        return assertThrows(IOException.class, () -> find(parent, chosen, spare))
                .getMessage();
    }

    private static PrivateFolder.Root find(Path parent, boolean chosen, boolean spare) throws IOException {
        return PrivateFolder.find(List.of(new PrivateFolder.Candidate(parent, NAME, chosen, spare)));
    }

    private static String permissions(Path folder) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS));
    }

    private static boolean giveAway(Path folder) {
        try {
            Files.setAttribute(folder, "unix:uid", 12345, LinkOption.NOFOLLOW_LINKS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
