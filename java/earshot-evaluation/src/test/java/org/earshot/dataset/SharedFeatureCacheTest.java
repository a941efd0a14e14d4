package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.earshot.audio.AudioLimits;
import org.earshot.error.CancelledException;
import org.junit.jupiter.api.Test;

/** Several runs and threads that have one file. */
class SharedFeatureCacheTest extends CachedClips {
    @Test
    void onlyOneFillsACacheAtATime() throws IOException {
        Dataset set = Recordings.set(folder, 2);
        String message = assertThrows(
                        DatasetException.class,
                        () -> FeatureCache.open(set, PARAMETERS, file, 1, (done, total) -> FeatureCache.open(
                                        set, PARAMETERS, file, 1, ProgressListener.none())
                                .close()))
                .getMessage();
        assertTrue(message.contains("another run is filling"), message);
    }

    /** Whoever comes second takes over what the first has done, and what the first has open stays as it was. */
    @Test
    void runsWithOtherClipsLoseNothingToEachOther() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        Dataset one = part("clip4.wav,,\n");
        try (FeatureCache first = FeatureCache.open(one, PARAMETERS, file, 1, ProgressListener.none());
                FeatureCache second = FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none())) {
            assertEquals(CLIPS - 1, second.computed());
            assertHolds(first, 0, logMel(PARAMETERS, clip(4)));
            assertHolds(second, 4, logMel(PARAMETERS, clip(4)));
            // Replaced by a cache that has nothing of theirs.
            Files.delete(file);
            try (FeatureCache third =
                    FeatureCache.open(part("clip0.wav,,\n"), PARAMETERS, file, 1, ProgressListener.none())) {
                assertEquals(1, third.computed());
                assertHolds(first, 0, logMel(PARAMETERS, clip(4)));
                assertHolds(second, 2, logMel(PARAMETERS, clip(2)));
            }
        }
    }

    /** Eight at once, with other clips each: every one has its own, or is told that another is at it. */
    @Test
    void manyAtOnceGetTheirClipsOrAClearRefusal() throws Exception {
        Dataset set = Recordings.set(folder, CLIPS);
        ExecutorService executor = Executors.newFixedThreadPool(8);
        try {
            List<Future<Integer>> runs = new ArrayList<>();
            for (int run = 0; run < 8; run++) {
                Dataset own = Dataset.open(
                        Files.writeString(
                                folder.resolve("own" + run + ".csv"),
                                "filename,location,record_time\nclip" + run % CLIPS + ".wav,,\n"),
                        folder);
                int number = run % CLIPS;
                runs.add(executor.submit(() -> {
                    int done = 0;
                    for (int i = 0; i < 20; i++) {
                        try (FeatureCache cache =
                                FeatureCache.open(own, PARAMETERS, file, 1, ProgressListener.none())) {
                            assertHolds(cache, 0, logMel(PARAMETERS, clip(number)));
                            done++;
                        } catch (DatasetException e) {
                            assertTrue(e.getMessage().contains("another run is filling"), e.getMessage());
                        }
                    }
                    return done;
                }));
            }
            int done = 0;
            for (Future<Integer> run : runs) {
                done += run.get();
            }
            assertTrue(done > 0);
        } finally {
            executor.shutdownNow();
        }
        assertTrue(computed(set) < CLIPS);
        assertEquals(0, computed(set));
    }

    @Test
    void anInterruptedReaderLeavesTheFileOpenForTheOthers() throws Exception {
        Dataset set = Recordings.set(folder, CLIPS);
        try (FeatureCache cache = FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none())) {
            Thread reader = new Thread(() -> {
                Thread.currentThread().interrupt();
                cache.read(0, new float[PARAMETERS.frames() * PARAMETERS.melBands()]);
                assertTrue(Thread.currentThread().isInterrupted());
            });
            AtomicReference<Throwable> failure = new AtomicReference<>();
            reader.setUncaughtExceptionHandler((thread, e) -> failure.set(e));
            reader.start();
            reader.join();
            assertNull(failure.get());
            assertHolds(cache, 1, logMel(PARAMETERS, clip(1)));
        }
    }

    /** Nothing is wrong with a recording whose reader was told to stop. */
    @Test
    void anInterruptIsNotBlamedOnAFile() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        List<UnreadableClip> unreadable = new ArrayList<>();
        Thread.currentThread().interrupt();
        try {
            assertThrows(
                    CancelledException.class,
                    () -> FeatureCache.open(
                            set,
                            PARAMETERS,
                            AudioLimits.defaults(),
                            file,
                            1,
                            ProgressListener.none(),
                            unreadable::add));
            assertThrows(
                    CancelledException.class,
                    () -> FeatureCache.inMemory(
                            set, PARAMETERS, AudioLimits.defaults(), 1, ProgressListener.none(), unreadable::add));
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals(List.of(), unreadable);
        assertEquals(CLIPS, computed(set));
    }
}
