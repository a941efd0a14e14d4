package org.earshot.dataset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Adds clips to a cache file, always first the features, then, once they are on the disk, the entries that say so:
 * whatever interrupts it, an entry never stands for features that are not there.
 */
final class CacheBatch implements AutoCloseable {
    private final CacheFile target;
    private final float[] buffer;
    /** By row. */
    private final Map<Integer, CacheEntry> pending = new LinkedHashMap<>();

    CacheBatch(CacheFile target) {
        this.target = target;
        buffer = new float[target.layout().rowBytes() / Float.BYTES];
    }

    /**
     * Adds a clip.
     *
     * @throws UncheckedIOException if it cannot be written
     */
    void add(int row, float[] features, CacheEntry entry) {
        try {
            target.writeFeatures(row, features);
            pending.put(row, entry);
            if (pending.size() == FeatureCacheWriter.CLIPS_AT_RISK) {
                flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds a clip as another cache has it in the same row. */
    void copy(CacheFile source, int row) {
        Arrays.fill(buffer, 0);
        source.readFeatures(row, buffer);
        add(row, buffer, source.entry(row));
    }

    private void flush() throws IOException {
        target.force();
        for (Map.Entry<Integer, CacheEntry> entry : pending.entrySet()) {
            target.writeEntry(entry.getKey(), entry.getValue());
        }
        pending.clear();
    }

    /** Writes what is pending, also after a failure: the next run goes on from there. */
    @Override
    public void close() throws IOException {
        flush();
        target.force();
    }
}
