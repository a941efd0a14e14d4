package org.earshot.dataset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.earshot.features.FeatureParameters;
import org.earshot.files.AtomicFile;

/** Brings a feature cache up to date with a set. */
final class FeatureCacheWriter {
    /** Clips between two waits for the disk: what a power failure can cost. */
    static final int CLIPS_AT_RISK = 64;

    private static final System.Logger LOGGER = System.getLogger(FeatureCacheWriter.class.getName());

    private final List<Dataset.Clip> clips;
    private final FeatureParameters parameters;
    private final Path file;
    private final int threads;
    private final ProgressListener progress;
    /** Size and time of each clip's audio before anything else is done. */
    private final List<CacheEntry> audio;

    private int computed;

    FeatureCacheWriter(Dataset set, FeatureParameters parameters, Path file, int threads, ProgressListener progress) {
        clips = set.clips();
        this.parameters = parameters;
        this.file = file;
        this.threads = threads;
        this.progress = progress;
        audio = clips.stream().map(clip -> CacheEntry.of(clip.audio())).toList();
    }

    /** Clips whose features were computed. */
    int computed() {
        return computed;
    }

    /** Positions by name. */
    static Map<String, Integer> indices(List<String> names) {
        Map<String, Integer> indices = new HashMap<>();
        names.forEach(name -> indices.put(name, indices.size()));
        return indices;
    }

    /** The cache, open, with all clips of the set in it. */
    CacheFile upToDate() throws IOException {
        CacheFile old = CacheFile.open(file, parameters).orElse(null);
        if (old == null && Files.exists(file)) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    file + ": features of other parameters or of another version; all are computed anew");
        }
        try {
            Set<Integer> known = old == null ? Set.of() : known(old);
            if (old != null && known.size() == clips.size()) {
                return old;
            }
            rewrite(old, known);
        } catch (IOException | RuntimeException e) {
            if (old != null) {
                old.close();
            }
            throw e;
        }
        return CacheFile.open(file, parameters)
                .orElseThrow(() -> new DatasetException(file, "another cache", "the one just written"));
    }

    /** Clips whose features a cache has; where only the time of their audio differs, it is renewed. */
    private Set<Integer> known(CacheFile cache) throws IOException {
        Map<String, Integer> rows = indices(cache.layout().names());
        Set<Integer> known = new HashSet<>();
        List<Integer> touched = new ArrayList<>();
        for (int clip = 0; clip < clips.size(); clip++) {
            Integer row = rows.get(clips.get(clip).name());
            if (row == null || cache.entry(row).frames() == 0) {
                continue;
            }
            if (cache.entry(row).isUntouched(audio.get(clip))) {
                known.add(clip);
            } else if (cache.entry(row).size() == audio.get(clip).size()) {
                touched.add(clip);
            }
        }
        Map<Integer, byte[]> digests = new HashMap<>();
        OrderedWork.run(
                0,
                touched.size(),
                threads,
                i -> CacheEntry.digest(clips.get(touched.get(i)).audio()),
                (digest, i) -> digests.put(touched.get(i), digest));
        for (int clip : touched) {
            int row = rows.get(clips.get(clip).name());
            byte[] digest = digests.get(clip);
            if (cache.entry(row).hasDigest(digest)) {
                cache.renewEntry(row, audio.get(clip).with(cache.entry(row).frames(), digest));
                known.add(clip);
            }
        }
        return known;
    }

    /** Writes a new cache that has all clips of the old one and of the set, and puts it in the old one's place. */
    private void rewrite(CacheFile old, Set<Integer> known) throws IOException {
        // The old ones first, so that they keep their rows.
        Set<String> names =
                new LinkedHashSet<>(old == null ? List.of() : old.layout().names());
        clips.forEach(clip -> names.add(clip.name()));
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (CacheFile target = CacheFile.fill(part, new CacheLayout(parameters, List.copyOf(names)));
                CacheBatch batch = new CacheBatch(target)) {
            Set<Integer> done = known(target);
            Map<String, Integer> rows = indices(target.layout().names());
            Set<Integer> foreign = new HashSet<>(rows.values());
            List<Integer> missing = new ArrayList<>();
            for (int clip = 0; clip < clips.size(); clip++) {
                int row = rows.get(clips.get(clip).name());
                foreign.remove(row);
                if (done.contains(clip)) {
                    continue;
                }
                if (known.contains(clip)) {
                    batch.copy(old, row);
                } else {
                    missing.add(clip);
                }
            }
            for (int row : foreign) {
                if (target.entry(row).frames() == 0) {
                    batch.copy(old, row);
                }
            }
            compute(missing, rows, batch);
        }
        if (old != null) {
            old.close();
        }
        AtomicFile.replace(part, file);
    }

    /** A clip's features with what its audio is known by. */
    private static final class Computed {
        private final float[] features;
        private final CacheEntry entry;

        Computed(float[] features, CacheEntry entry) {
            this.features = features;
            this.entry = entry;
        }
    }

    private void compute(List<Integer> missing, Map<String, Integer> rows, CacheBatch batch) throws IOException {
        List<Path> recordings =
                missing.stream().map(clip -> clips.get(clip).audio()).toList();
        RecordedFeatures source = new RecordedFeatures(recordings, parameters);
        try {
            OrderedWork.run(
                    0, missing.size(), threads, i -> compute(source, i, audio.get(missing.get(i))), (result, i) -> {
                        int row = rows.get(clips.get(missing.get(i)).name());
                        batch.add(row, result.features, result.entry);
                        computed++;
                        progress.clipDone(computed, missing.size());
                    });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private Computed compute(RecordedFeatures source, int index, CacheEntry before) {
        float[] features = new float[parameters.frames() * parameters.melBands()];
        int frames = source.read(index, features);
        Path recording = source.recording(index);
        byte[] digest = CacheEntry.digest(recording);
        if (!CacheEntry.of(recording).isUntouched(before)) {
            throw new DatasetException(recording, "a file that changed while it was read", "one that nobody writes to");
        }
        return new Computed(features, before.with(frames, digest));
    }
}
