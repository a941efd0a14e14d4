package org.earshot.dataset;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.earshot.error.CancelledException;
import org.earshot.files.FileDigest;
import org.earshot.files.IoReason;

/** By what a feature cache knows a clip's audio again. Immutable. */
final class CacheEntry {
    private final long size;
    private final long modified;
    private final int frames;
    private final boolean damaged;
    private final byte[] digest;

    /**
     * Takes the parts.
     *
     * @param size bytes of the audio file
     * @param modified its time, nanoseconds since 1970
     * @param frames of its features; 0 if there are none
     * @param damaged whether the audio file is, in what was read of it
     * @param digest SHA-256 of the audio file; not copied
     */
    CacheEntry(long size, long modified, int frames, boolean damaged, byte... digest) {
        this.size = size;
        this.modified = modified;
        this.frames = frames;
        this.damaged = damaged;
        this.digest = digest;
    }

    /** Size and time of a file, without features or digest. */
    static CacheEntry of(Path audio) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(audio, BasicFileAttributes.class);
            return new CacheEntry(
                    attributes.size(), attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), 0, false);
        } catch (IOException e) {
            throw unreadable(audio, e);
        }
    }

    /** SHA-256 of a file. */
    static byte[] digest(Path audio) {
        try {
            return FileDigest.sha256(audio);
        } catch (ClosedByInterruptException e) {
            throw new CancelledException("reading " + audio, e);
        } catch (IOException e) {
            throw unreadable(audio, e);
        }
    }

    private static DatasetException unreadable(Path audio, IOException e) {
        return new DatasetException(audio, "an I/O error (" + IoReason.of(e) + ")", "a readable recording", e);
    }

    /** Whether size and time are another's: then the content is taken to be. */
    boolean isUntouched(CacheEntry other) {
        return size == other.size && modified == other.modified;
    }

    /** This with features and digest. */
    CacheEntry with(int newFrames, boolean newDamaged, byte... newDigest) {
        return new CacheEntry(size, modified, newFrames, newDamaged, newDigest);
    }

    boolean hasDigest(byte... other) {
        return Arrays.equals(digest, other);
    }

    long size() {
        return size;
    }

    long modified() {
        return modified;
    }

    int frames() {
        return frames;
    }

    /** Whether the features are those of a damaged recording. */
    boolean isDamaged() {
        return damaged;
    }

    byte[] digest() {
        return digest;
    }
}
