package org.earshot.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.earshot.audio.AudioLimits;
import org.earshot.features.FeatureParameters;

/**
 * The features of a whole set, computed once and in parallel, in a file that the next run finds again, or in memory.
 *
 * <p>The file is a safetensors file (tensor {@code features} [n, T, F] with {@code frames}, {@code size},
 * {@code modified}, {@code damaged}, {@code digest}; the clips' names are in its metadata), so that a training in
 * Python reads it too. A clip is known by its name. Its features are computed again if its audio's size changed, or its
 * modification time and its SHA-256; a file that was only touched is not. (A file replaced by one of the same size and
 * time goes unnoticed, as with any build tool.) Other parameters, another pad mode or another version of the front end
 * make a cache count for nothing, and it is replaced.
 *
 * <p>A set whose clips are not all in the cache is added to it; the clips of other sets stay, so that parts of a set
 * share a file. While it is written, the file has {@code .part} behind its name. An interrupted run leaves that, and
 * the next one of the same set goes on with it; at most 64 clips are computed again. Only one process at a time fills a
 * cache; what others have open stays as it was. Anything else that is found under the name with {@code .part} is
 * refused and stays.
 *
 * <p>Reading takes a clip at a time from the disk and is thread-safe.
 */
public final class FeatureCache implements FeatureSource {
    private final FeatureParameters parameters;
    private final AudioLimits limits;
    private final Dataset set;
    private final int computed;
    /** Null if the features are in memory. */
    private final CacheFile file;
    /** Where each clip is in the file. */
    private final int[] rows;
    /** In memory: each clip's features, without any behind its frames. */
    private final float[][] values;

    private FeatureCache(
            FeatureParameters parameters,
            AudioLimits limits,
            Dataset set,
            int computed,
            CacheFile file,
            int[] rows,
            float[]... values) {
        this.parameters = parameters;
        this.limits = limits;
        this.set = set;
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
     * @throws org.earshot.error.EarshotException if the file is something else, is being written by another run or
     *     cannot be written, or if a recording cannot be read
     */
    public static FeatureCache open(
            Dataset set, FeatureParameters parameters, Path file, int threads, ProgressListener progress) {
        return open(set, parameters, AudioLimits.defaults(), file, threads, progress, UnreadableClip.refused());
    }

    /**
     * Opens a set's cache, after computing what is not in it, and goes on past recordings that cannot be read.
     *
     * @param set the clips
     * @param parameters of the features
     * @param limits bounds that the recordings are read in; if damaged ones are refused, a cache's features of such
     *     ones count for nothing
     * @param file the cache; need not exist, but its folder must
     * @param threads how many compute, at least 1
     * @param progress told of each clip that is computed or cannot be, out of those that have to be
     * @param unreadable told of each clip that cannot be read and is left out, in the caller's thread
     * @return the features of {@link #set() the others}, which the caller closes
     * @throws org.earshot.error.EarshotException if the file is something else, is being written by another run or
     *     cannot be written, or if no recording can be read
     */
    public static FeatureCache open(
            Dataset set,
            FeatureParameters parameters,
            AudioLimits limits,
            Path file,
            int threads,
            ProgressListener progress,
            Consumer<? super UnreadableClip> unreadable) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new DatasetException(file, "no such folder", "a file in a folder that exists");
        }
        try {
            FeatureCacheWriter writer =
                    new FeatureCacheWriter(set, parameters, limits, file, threads, progress, unreadable);
            CacheFile cache = writer.upToDate();
            try {
                Map<String, Integer> rows =
                        FeatureCacheWriter.indices(cache.layout().names());
                Dataset read = set.readable(writer.clips());
                return new FeatureCache(
                        parameters,
                        limits,
                        read,
                        writer.computed(),
                        cache,
                        read.clips().stream()
                                .mapToInt(clip -> rows.get(clip.name()))
                                .toArray());
            } catch (DatasetException e) {
                cache.close();
                throw e;
            }
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
     * @throws org.earshot.error.EarshotException if a recording cannot be read, or if the set may take more than half
     *     of the memory that Java has
     */
    public static FeatureCache inMemory(
            Dataset set, FeatureParameters parameters, int threads, ProgressListener progress) {
        return inMemory(set, parameters, AudioLimits.defaults(), threads, progress, UnreadableClip.refused());
    }

    /**
     * Computes a set's features and keeps them in memory, and goes on past recordings that cannot be read.
     *
     * @param set the clips
     * @param parameters of the features
     * @param limits bounds that the recordings are read in, and whether damaged ones are refused
     * @param threads how many compute, at least 1
     * @param progress told of each clip
     * @param unreadable told of each clip that cannot be read and is left out, in the caller's thread
     * @return the features of {@link #set() the others}
     * @throws org.earshot.error.EarshotException if no recording can be read, or if the set may take more than half of
     *     the memory that Java has
     */
    public static FeatureCache inMemory(
            Dataset set,
            FeatureParameters parameters,
            AudioLimits limits,
            int threads,
            ProgressListener progress,
            Consumer<? super UnreadableClip> unreadable) {
        int clips = set.clips().size();
        long clipBytes = (long) parameters.frames() * parameters.melBands() * Float.BYTES;
        long most = Runtime.getRuntime().maxMemory() / 2;
        if (clips > most / clipBytes) {
            throw new DatasetException(
                    set.source(),
                    clips + " clips, whose features take up to " + clips * clipBytes + " bytes",
                    "at most " + most + " bytes in memory; keep them in a cache file");
        }
        List<Dataset.Clip> read = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        try (RecordedFeatures recorded = new RecordedFeatures(set, parameters, limits)) {
            FeaturePass.run(
                    0,
                    recorded,
                    threads,
                    (clip, features, frames) -> Arrays.copyOf(features, frames * parameters.melBands()),
                    (features, clip) -> {
                        read.add(set.clips().get(clip));
                        values.add(features);
                        progress.clipDone(clip + 1, clips);
                    },
                    (reason, clip) -> {
                        unreadable.accept(new UnreadableClip(set.clips().get(clip), reason));
                        progress.clipDone(clip + 1, clips);
                    });
        }
        return new FeatureCache(
                parameters, limits, set.readable(read), read.size(), null, null, values.toArray(float[][]::new));
    }

    /**
     * The clips whose features these are.
     *
     * @return all of the set but those that could not be read
     */
    public Dataset set() {
        return set;
    }

    @Override
    public FeatureParameters parameters() {
        return parameters;
    }

    @Override
    public AudioLimits limits() {
        return limits;
    }

    @Override
    public int size() {
        return set.clips().size();
    }

    @Override
    public Path recording(int clip) {
        return set.clips().get(clip).audio();
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
