package org.earshot.dataset;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ObjIntConsumer;
import org.earshot.error.AudioException;

/** One pass over a set's features, several clips at once, that goes on past recordings that cannot be read. */
public final class FeaturePass {
    private FeaturePass() {}

    /**
     * What is done to a clip's features.
     *
     * @param <T> what comes of it
     */
    @FunctionalInterface
    public interface Task<T> {
        /**
         * Does it, in one of several threads.
         *
         * @param clip from 0
         * @param features {@code [frames, bands]}, dB; another clip's afterwards
         * @param frames how many there are
         * @return what comes of it, not null
         */
        T apply(int clip, float[] features, int frames);
    }

    /**
     * Passes over the clips from a given one on.
     *
     * @param <T> what comes of a clip
     * @param from the first clip
     * @param source the features
     * @param threads how many clips to work on at once, at least 1
     * @param task done to each clip that can be read
     * @param sink takes what comes of it, in the clips' order, in the caller's thread
     * @param unreadable takes what is wrong with each of the others, in the same order and thread
     * @throws org.earshot.error.EarshotException if the work is interrupted, or what the task throws
     */
    public static <T> void run(
            int from,
            FeatureSource source,
            int threads,
            Task<? extends T> task,
            ObjIntConsumer<? super T> sink,
            ObjIntConsumer<? super AudioException> unreadable) {
        int length = source.parameters().frames() * source.parameters().melBands();
        Queue<float[]> buffers = new ConcurrentLinkedQueue<>();
        OrderedWork.run(
                from,
                source.size(),
                threads,
                clip -> {
                    float[] idle = buffers.poll();
                    float[] features = idle == null ? new float[length] : idle;
                    Result<T> result = result(source, clip, features, task);
                    buffers.add(features);
                    return result;
                },
                (result, clip) -> {
                    if (result.failure == null) {
                        sink.accept(result.value, clip);
                    } else {
                        unreadable.accept(result.failure, clip);
                    }
                });
    }

    private static <T> Result<T> result(FeatureSource source, int clip, float[] features, Task<? extends T> task) {
        int frames;
        try {
            frames = source.read(clip, features);
        } catch (AudioException e) {
            UnreadableClip.requireFault(e);
            return new Result<>(null, e);
        }
        return new Result<>(task.apply(clip, features, frames), null);
    }

    /** What came of a clip, or why its recording cannot be read. */
    private static final class Result<T> {
        private final T value;
        private final AudioException failure;

        Result(T value, AudioException failure) {
            this.value = value;
            this.failure = failure;
        }
    }
}
