package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.earshot.backend.choice.Backends;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.features.LogMelFrames;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A set of a few clips, and a file for their features. */
abstract class CachedClips {
    static final int CLIPS = 5;
    static final FeatureParameters PARAMETERS = parameters(PadMode.CONSTANT);

    @TempDir
    Path folder;

    Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("cache.safetensors");
    }

    static FeatureParameters parameters(PadMode padMode) {
        return new FeatureParameters(Recordings.RATE, 2048, 1764, 882, 64, 50, 22_050, 20, padMode, 80);
    }

    static float[] logMel(FeatureParameters parameters, float... pcm) {
        int samples = pcm.length < parameters.windowSamples() + parameters.hopLength()
                ? pcm.length
                : parameters.windowSamples();
        float[] values = new float[parameters.cutFrames(samples) * parameters.melBands()];
        try (LogMelFrames frames =
                Backends.startOnProcessors(1).frames(parameters).orElseThrow()) {
            frames.computeClip(pcm, samples, values);
        }
        return values;
    }

    /** The clips that {@link Recordings#set} makes. */
    static float[] clip(int index) {
        return Recordings.noise(0.3 + 0.05 * index, index);
    }

    static void assertHolds(FeatureCache cache, int clip, float... expected) {
        float[] values = new float[PARAMETERS.frames() * PARAMETERS.melBands()];
        int frames = cache.read(clip, values);
        assertEquals(frames, cache.frames(clip));
        assertArrayEquals(expected, Arrays.copyOf(values, frames * PARAMETERS.melBands()));
    }

    /** Opens the cache, checks every clip, and returns how many were computed. */
    final int computed(Dataset set, FeatureParameters parameters) {
        AtomicInteger told = new AtomicInteger();
        try (FeatureCache cache = FeatureCache.open(
                set, parameters, file, 2, (done, total) -> assertEquals(done, told.incrementAndGet()))) {
            for (int i = 0; i < set.clips().size(); i++) {
                int number = Integer.parseInt(set.clips().get(i).name().replaceAll("\\D", ""));
                assertHolds(cache, i, logMel(parameters, clip(number)));
            }
            assertEquals(cache.computed(), told.get());
            return cache.computed();
        }
    }

    final int computed(Dataset set) {
        return computed(set, PARAMETERS);
    }

    final Dataset part(String rows) throws IOException {
        return Dataset.open(
                Files.writeString(folder.resolve("part.csv"), "filename,location,record_time\n" + rows), folder);
    }
}
