package org.earshot.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;

/** A file that only one run at a time writes to. */
public final class ExclusiveFile {
    private ExclusiveFile() {}

    /**
     * Locks a file until its channel is closed.
     *
     * @param channel open for writing
     * @return false if another process, or this one, has it locked
     * @throws IOException if the file system cannot lock
     */
    public static boolean lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }
}
