package org.earshot.dataset;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.earshot.features.FeatureParameters;
import org.earshot.files.IoReason;
import org.earshot.files.PositionedFile;

/** A feature cache on disk, opened to be read, or to be filled clip by clip. */
final class CacheFile implements AutoCloseable {
    private final Path path;
    private final PositionedFile content;
    private final CacheLayout layout;
    private final boolean writable;
    /** All clips', as the file has them. */
    private final CacheEntry[] entries;

    private CacheFile(Path path, PositionedFile content, CacheLayout layout, boolean writable) throws IOException {
        this.path = path;
        this.content = content;
        this.layout = layout;
        this.writable = writable;
        entries = readEntries();
    }

    /**
     * Opens a finished cache.
     *
     * @return empty if there is no file, or a cache of other parameters
     * @throws DatasetException if the file is no feature cache
     */
    static Optional<CacheFile> open(Path path, FeatureParameters parameters) throws IOException {
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        if (!Files.isRegularFile(path)) {
            throw new DatasetException(path, "no regular file", "a feature cache, or no file yet");
        }
        // Written to only where the time of a touched file is renewed, which a cache on a read-only disk goes without.
        boolean writable = Files.isWritable(path);
        PositionedFile content = writable
                ? PositionedFile.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : PositionedFile.open(path, StandardOpenOption.READ);
        try {
            Optional<CacheLayout> layout = CacheLayout.read(path, content, parameters);
            if (layout.isEmpty()) {
                content.close();
                return Optional.empty();
            }
            return Optional.of(new CacheFile(path, content, layout.get(), writable));
        } catch (IOException | RuntimeException e) {
            content.close();
            throw e;
        }
    }

    /**
     * Takes the place where a cache is filled, alone: an empty file, or what an interrupted run left there.
     *
     * @return the file, locked, which the caller closes
     * @throws DatasetException if another run has it, or if something else is there, which stays as it is
     */
    static PositionedFile claim(Path part) throws IOException {
        String expected = "nothing there, or the part of a feature cache that an interrupted run left; move it away";
        Optional<String> obstacle = PositionedFile.obstacle(part);
        if (obstacle.isPresent()) {
            throw new DatasetException(part, obstacle.get(), expected);
        }
        PositionedFile content = PositionedFile.claim(part)
                .orElseThrow(() -> new DatasetException(
                        part,
                        "a file that another run is filling",
                        "one run at a time; start again when the other has ended"));
        try {
            if (!CacheLayout.mayBePart(content)) {
                throw new DatasetException(part, "a file of another kind", expected);
            }
            return content;
        } catch (IOException | RuntimeException e) {
            content.close();
            throw e;
        }
    }

    /**
     * Prepares a claimed file to be filled: what an interrupted run of the same layout left is kept.
     *
     * @param content closed with what is returned
     */
    static CacheFile fill(Path path, PositionedFile content, CacheLayout layout) throws IOException {
        if (content.size() != layout.fileBytes() || !layout.isHeaderOf(content)) {
            requireRoom(path, layout.fileBytes());
            content.truncate(0);
            content.writeFully(layout.start(), 0);
            // The file's length; what lies between are zeros, that is, clips without features.
            content.writeFully(ByteBuffer.allocate(1), layout.fileBytes() - 1);
        }
        return new CacheFile(path, content, layout, true);
    }

    /**
     * Says at once what would be found out at the end. Where nobody can tell how much room there is, the work goes on:
     * {@link Files#getFileStore} finds no mount point in a chroot and in some containers, {@link java.io.File} asks the
     * file system itself and answers 0 where that fails.
     */
    private static void requireRoom(Path path, long bytes) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            return;
        }
        long room = path.toFile().getUsableSpace();
        if (room > 0 && room < bytes) {
            throw new DatasetException(path, room + " bytes free on the disk", bytes + " for the features");
        }
    }

    private CacheEntry[] readEntries() throws IOException {
        int clips = layout.names().size();
        ByteBuffer columns = read(layout.sizeAt(0), 4 * clips * Long.BYTES);
        ByteBuffer digests = read(layout.digestAt(0), clips * CacheLayout.DIGEST_BYTES);
        CacheEntry[] read = new CacheEntry[clips];
        for (int i = 0; i < clips; i++) {
            byte[] digest = new byte[CacheLayout.DIGEST_BYTES];
            digests.get(digest);
            long frames = columns.getLong((2 * clips + i) * Long.BYTES);
            // What cannot be is taken for missing, and made again.
            boolean there = frames > 0 && frames <= layout.parameters().frames();
            read[i] = new CacheEntry(
                    columns.getLong(i * Long.BYTES),
                    columns.getLong((clips + i) * Long.BYTES),
                    there ? (int) frames : 0,
                    columns.getLong((3 * clips + i) * Long.BYTES) != 0,
                    digest);
        }
        return read;
    }

    private ByteBuffer read(long position, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (!content.readFully(buffer, position)) {
            throw new DatasetException(path, "a file that was cut short", layout.fileBytes() + " bytes");
        }
        return buffer.flip();
    }

    CacheLayout layout() {
        return layout;
    }

    /** What is known of a clip; no frames if its features are not there. */
    CacheEntry entry(int clip) {
        return entries[clip];
    }

    /** Reads a clip's features. Any number of threads may; an interrupt of one leaves the file open for the others. */
    void readFeatures(int clip, float[] target) {
        int values = entries[clip].frames() * layout.parameters().melBands();
        try {
            read(layout.featuresAt(clip), values * Float.BYTES).asFloatBuffer().get(target, 0, values);
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    /** Writes a clip's features; they count once its entry is written. */
    void writeFeatures(int clip, float[] features) throws IOException {
        ByteBuffer row = ByteBuffer.allocate(layout.rowBytes()).order(ByteOrder.LITTLE_ENDIAN);
        row.asFloatBuffer().put(features, 0, Math.min(features.length, layout.rowBytes() / Float.BYTES));
        content.writeFully(row, layout.featuresAt(clip));
    }

    /** Writes what is known of a clip, its frames last. */
    void writeEntry(int clip, CacheEntry entry) throws IOException {
        content.writeFully(ByteBuffer.wrap(entry.digest()), layout.digestAt(clip));
        writeNumber(entry.size(), layout.sizeAt(clip));
        writeNumber(entry.modified(), layout.modifiedAt(clip));
        writeNumber(entry.isDamaged() ? 1 : 0, layout.damagedAt(clip));
        writeNumber(entry.frames(), layout.framesAt(clip));
        entries[clip] = entry;
    }

    /** Writes what is newly known of a clip whose features stay, if the file may be written to. */
    void renewEntry(int clip, CacheEntry entry) throws IOException {
        if (writable) {
            writeEntry(clip, entry);
        }
    }

    private void writeNumber(long value, long position) throws IOException {
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        content.writeFully(number.putLong(value).flip(), position);
    }

    /** Waits until all that was written is on the disk. */
    void force() throws IOException {
        content.force();
    }

    @Override
    public void close() {
        try {
            content.close();
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    /** The one place that words an I/O error. */
    static DatasetException failed(Path path, IOException e) {
        return new DatasetException(
                path, "an I/O error (" + IoReason.of(e) + ")", "a feature cache in a writable folder", e);
    }
}
