package org.earshot.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.earshot.features.FeatureParameters;

/**
 * The features of a whole set, computed once and in parallel, in a file that the next run finds again, or in memory.
 *
 * <p>The file is a safetensors file (tensor {@code features} [n, T, F] with {@code frames}, {@code size},
 * {@code modified}, {@code digest}; the clips' names are in its metadata), so that a training in Python reads it too. A
 * clip is known by its name. Its features are computed again if its audio's size changed, or its modification time and
 * its SHA-256; a file that was only touched is not. (A file replaced by one of the same size and time goes unnoticed,
 * as with any build tool.) Other parameters, another pad mode or another version of the front end make a cache count
 * for nothing, and it is replaced.
 *
 * <p>A set whose clips are not all in the cache is added to it; the clips of other sets stay, so that parts of a set
 * share a file. While it is written, the file has {@code .part} behind its name. An interrupted run leaves that, and
 * the next one of the same set goes on with it; at most 64 clips are computed again.
 *
 * <p>Reading takes a clip at a time from the disk and is thread-safe.
 */
public final class FeatureCache implements FeatureSource, AutoCloseable {
    private final FeatureParameters parameters;
    private final List<Path> recordings;
    private final int computed;
    /** Null if the features are in memory. */
    private final CacheFile file;
    /** Where each clip is in the file. */
    private final int[] rows;
    /** In memory: each clip's features, without any behind its frames. */
    private final float[][] values;

    private FeatureCache(
            FeatureParameters parameters,
            List<Path> recordings,
            int computed,
            CacheFile file,
            int[] rows,
            float[]... values) {
        this.parameters = parameters;
        this.recordings = recordings;
        this.computed = computed;
        this.file = file;
        this.rows = rows;
        this.values = values;
    }

    /**
     * Opens a set's cache, after computing what is not in it.
     *
     * @param set the clips
     * @param parameters of the features
     * @param file the cache; need not exist, but its folder must
     * @param threads how many compute, at least 1
     * @param progress told of each clip that is computed, out of those that have to be
     * @return the features, which the caller closes
     * @throws org.earshot.EarshotException if the file is something else, is being written by another run or cannot be
     *     written, or if a recording cannot be read
     */
    public static FeatureCache open(
            Dataset set, FeatureParameters parameters, Path file, int threads, ProgressListener progress) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new DatasetException(file, "no such folder", "a file in a folder that exists");
        }
        try {
            FeatureCacheWriter writer = new FeatureCacheWriter(set, parameters, file, threads, progress);
            CacheFile cache = writer.upToDate();
            Map<String, Integer> rows =
                    FeatureCacheWriter.indices(cache.layout().names());
            return new FeatureCache(
                    parameters,
                    recordings(set),
                    writer.computed(),
                    cache,
                    set.clips().stream().mapToInt(clip -> rows.get(clip.name())).toArray());
        } catch (IOException e) {
            throw CacheFile.failed(file, e);
        }
    }

    /**
     * Computes a set's features and keeps them in memory.
     *
     * @param set the clips
     * @param parameters of the features
     * @param threads how many compute, at least 1
     * @param progress told of each clip
     * @return the features
     * @throws org.earshot.EarshotException if a recording cannot be read, or if the set may take more than half of the
     *     memory that Java has
     */
    public static FeatureCache inMemory(
            Dataset set, FeatureParameters parameters, int threads, ProgressListener progress) {
        int clips = set.clips().size();
        long clipBytes = (long) parameters.frames() * parameters.melBands() * Float.BYTES;
        long most = Runtime.getRuntime().maxMemory() / 2;
        if (clips > most / clipBytes) {
            throw new DatasetException(
                    set.source(),
                    clips + " clips, whose features take up to " + clips * clipBytes + " bytes",
                    "at most " + most + " bytes in memory; keep them in a cache file");
        }
        RecordedFeatures source = new RecordedFeatures(set, parameters);
        float[][] values = new float[clips][];
        OrderedWork.run(
                0,
                clips,
                threads,
                clip -> {
                    float[] clipValues = new float[parameters.frames() * parameters.melBands()];
                    return Arrays.copyOf(clipValues, source.read(clip, clipValues) * parameters.melBands());
                },
                (clipValues, clip) -> {
                    values[clip] = clipValues;
                    progress.clipDone(clip + 1, clips);
                });
        return new FeatureCache(parameters, recordings(set), clips, null, null, values);
    }

    private static List<Path> recordings(Dataset set) {
        return set.clips().stream().map(Dataset.Clip::audio).toList();
    }

    @Override
    public FeatureParameters parameters() {
        return parameters;
    }

    @Override
    public int size() {
        return recordings.size();
    }

    @Override
    public Path recording(int clip) {
        return recordings.get(clip);
    }

    /**
     * How many clips were computed when this was opened; the others were found.
     *
     * @return 0 if the file held all
     */
    public int computed() {
        return computed;
    }

    /**
     * Frames of a clip.
     *
     * @param clip from 0
     * @return at least 1
     */
    public int frames(int clip) {
        return file == null
                ? values[clip].length / parameters.melBands()
                : file.entry(rows[clip]).frames();
    }

    @Override
    public int read(int clip, float[] target) {
        if (file == null) {
            System.arraycopy(values[clip], 0, target, 0, values[clip].length);
        } else {
            file.readFeatures(rows[clip], target);
        }
        return frames(clip);
    }

    /** Closes the file. */
    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }
}
