package org.earshot.dataset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.earshot.error.EarshotException;
import org.earshot.features.FeatureParameters;
import org.earshot.files.AtomicFile;
import org.earshot.files.PositionedFile;

/** Brings a feature cache up to date with a set. */
final class FeatureCacheWriter {
    /** Clips between two waits for the disk: what a power failure can cost. */
    static final int CLIPS_AT_RISK = 64;

    private static final System.Logger LOGGER = System.getLogger(FeatureCacheWriter.class.getName());

    private final FeatureParameters parameters;
    private final AudioLimits limits;
    private final Path file;
    private final int threads;
    private final ProgressListener progress;
    private final Consumer<? super UnreadableClip> unreadable;
    /** The clips that can be read, as far as is known, with size and time of their audio before anything was done. */
    private final Map<Dataset.Clip, CacheEntry> audio = new LinkedHashMap<>();

    private int computed;

    FeatureCacheWriter(
            Dataset set,
            FeatureParameters parameters,
            AudioLimits limits,
            Path file,
            int threads,
            ProgressListener progress,
            Consumer<? super UnreadableClip> unreadable) {
        this.parameters = parameters;
        this.limits = limits;
        this.file = file;
        this.threads = threads;
        this.progress = progress;
        this.unreadable = unreadable;
        for (Dataset.Clip clip : set.clips()) {
            try {
                audio.put(clip, CacheEntry.of(clip.audio()));
            } catch (DatasetException e) {
                unreadable.accept(new UnreadableClip(clip, e));
            }
        }
    }

    /** Clips whose features were computed. */
    int computed() {
        return computed;
    }

    /** The clips that the cache has, in the set's order. */
    List<Dataset.Clip> clips() {
        return List.copyOf(audio.keySet());
    }

    /** Positions by name. */
    static Map<String, Integer> indices(List<String> names) {
        Map<String, Integer> indices = new HashMap<>();
        names.forEach(name -> indices.put(name, indices.size()));
        return indices;
    }

    /** The cache, open, with all clips of the set in it that can be read. */
    CacheFile upToDate() throws IOException {
        CacheFile finished = CacheFile.open(file, parameters).orElse(null);
        try {
            if (finished != null && known(finished).size() == audio.size()) {
                return finished;
            }
        } catch (IOException | RuntimeException e) {
            finished.close();
            throw e;
        }
        if (finished != null) {
            finished.close();
        }
        Path place = AtomicFile.place(file);
        Path part = place.resolveSibling(place.getFileName() + ".part");
        PositionedFile claimed = CacheFile.claim(part);
        // Anew, now that nobody else replaces it: another run may have done so meanwhile.
        CacheFile old = null;
        CacheFile target = null;
        boolean done = false;
        try {
            old = CacheFile.open(file, parameters).orElse(null);
            if (old == null && Files.exists(file)) {
                LOGGER.log(
                        System.Logger.Level.WARNING,
                        file + ": features of other parameters or of another version; all are computed anew");
            }
            target = rewritten(old, part, claimed);
            AtomicFile.replace(part, place);
            // Not opened by its name, under which there may be another run's from now on.
            claimed.unlock();
            done = true;
            return target;
        } finally {
            if (old != null) {
                old.close();
            }
            if (!done) {
                if (claimed.size() == 0) {
                    Files.deleteIfExists(part);
                }
                claimed.close();
            }
        }
    }

    /**
     * Clips whose features a cache has, of damaged recordings only if those are not refused; where only the time of
     * their audio differs, it is renewed.
     */
    private Set<Dataset.Clip> known(CacheFile cache) throws IOException {
        Map<String, Integer> rows = indices(cache.layout().names());
        Set<Dataset.Clip> known = new HashSet<>();
        List<Dataset.Clip> touched = new ArrayList<>();
        audio.forEach((clip, entry) -> {
            Integer row = rows.get(clip.name());
            if (row == null
                    || cache.entry(row).frames() == 0
                    || (cache.entry(row).isDamaged() && limits.strict())) {
                return;
            }
            if (cache.entry(row).isUntouched(entry)) {
                known.add(clip);
            } else if (cache.entry(row).size() == entry.size()) {
                touched.add(clip);
            }
        });
        Map<Dataset.Clip, byte[]> digests = new HashMap<>();
        OrderedWork.run(
                0,
                touched.size(),
                threads,
                i -> digest(touched.get(i)),
                (digest, i) -> digests.put(touched.get(i), digest));
        for (Dataset.Clip clip : touched) {
            int row = rows.get(clip.name());
            byte[] digest = digests.get(clip);
            if (cache.entry(row).hasDigest(digest)) {
                cache.renewEntry(
                        row,
                        audio.get(clip)
                                .with(
                                        cache.entry(row).frames(),
                                        cache.entry(row).isDamaged(),
                                        digest));
                known.add(clip);
            }
        }
        return known;
    }

    /** None, which no entry has, for what cannot be read: that is told when its features are asked for. */
    private static byte[] digest(Dataset.Clip clip) {
        try {
            return CacheEntry.digest(clip.audio());
        } catch (DatasetException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "no digest", e);
            return new byte[0];
        }
    }

    /** Fills a new cache with all clips of the old one and of the set. */
    private CacheFile rewritten(CacheFile old, Path part, PositionedFile claimed) throws IOException {
        Set<Dataset.Clip> known = old == null ? Set.of() : known(old);
        // The old ones first, so that they keep their rows.
        Set<String> names =
                new LinkedHashSet<>(old == null ? List.of() : old.layout().names());
        audio.keySet().forEach(clip -> names.add(clip.name()));
        CacheFile target = CacheFile.fill(part, claimed, new CacheLayout(parameters, List.copyOf(names)));
        try (CacheBatch batch = new CacheBatch(target)) {
            Set<Dataset.Clip> done = known(target);
            Map<String, Integer> rows = indices(target.layout().names());
            Set<Integer> foreign = new HashSet<>(rows.values());
            List<Dataset.Clip> missing = new ArrayList<>();
            for (Dataset.Clip clip : audio.keySet()) {
                int row = rows.get(clip.name());
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
        return target;
    }

    /** A clip's features with what its audio is known by, or what is wrong with it. */
    private static final class Computed {
        private final float[] features;
        private final CacheEntry entry;
        private final EarshotException failure;

        Computed(float[] features, CacheEntry entry, EarshotException failure) {
            this.features = features;
            this.entry = entry;
            this.failure = failure;
        }
    }

    private void compute(List<Dataset.Clip> missing, Map<String, Integer> rows, CacheBatch batch) throws IOException {
        List<CacheEntry> before = missing.stream().map(audio::get).toList();
        List<Path> recordings = missing.stream().map(Dataset.Clip::audio).toList();
        try (RecordedFeatures source = new RecordedFeatures(recordings, parameters, limits)) {
            OrderedWork.run(0, missing.size(), threads, i -> compute(source, i, before.get(i)), (result, i) -> {
                Dataset.Clip clip = missing.get(i);
                if (result.failure == null) {
                    batch.add(rows.get(clip.name()), result.features, result.entry);
                    computed++;
                } else {
                    unreadable.accept(new UnreadableClip(clip, result.failure));
                    audio.remove(clip);
                }
                progress.clipDone(i + 1, missing.size());
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private Computed compute(RecordedFeatures source, int index, CacheEntry before) {
        float[] features = new float[parameters.frames() * parameters.melBands()];
        Path recording = source.recording(index);
        try {
            ClipFeatures.Extent extent = source.extent(index, features);
            byte[] digest = CacheEntry.digest(recording);
            if (!CacheEntry.of(recording).isUntouched(before)) {
                throw new DatasetException(
                        recording, "a file that changed while it was read", "one that nobody writes to");
            }
            return new Computed(features, before.with(extent.frames(), extent.damaged(), digest), null);
        } catch (AudioException e) {
            UnreadableClip.requireFault(e);
            return new Computed(features, before, e);
        } catch (DatasetException e) {
            return new Computed(features, before, e);
        }
    }
}
