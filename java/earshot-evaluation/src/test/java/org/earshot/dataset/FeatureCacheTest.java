package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import org.earshot.error.EarshotException;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.layer.Shape;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;

/** The truth is the log-mel itself, which other tests compare with librosa's. */
class FeatureCacheTest extends CachedClips {
    @Test
    void featuresAreThoseOfTheClipsAndAreFoundAgain() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        assertEquals(CLIPS, computed(set));
        byte[] bytes = Files.readAllBytes(file);
        assertEquals(0, computed(set));
        assertArrayEquals(bytes, Files.readAllBytes(file));
        assertFalse(Files.exists(folder.resolve("cache.safetensors.part")));
        try (FeatureCache memory = FeatureCache.inMemory(set, PARAMETERS, 2, ProgressListener.none())) {
            for (int i = 0; i < CLIPS; i++) {
                assertHolds(memory, i, logMel(PARAMETERS, clip(i)));
            }
        }
    }

    @Test
    void theFileIsASafetensorsFile() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        computed(set);
        var tensors = Safetensors.read(file).tensors();
        assertEquals(Shape.of(CLIPS, 20, 64), tensors.get("features").shape());
        WeightTensor frames = tensors.get("frames");
        // 0.3 s and 0.35 s are 1 + 13230/882 and 1 + 15435/882 frames; 0.4 s and more are cut at 20.
        assertArrayEquals(new long[] {16, 18, 20, 20, 20}, frames.longs());
        float[] features = tensors.get("features").floats();
        assertArrayEquals(logMel(PARAMETERS, clip(1)), Arrays.copyOfRange(features, 20 * 64, 38 * 64));
        assertArrayEquals(new float[2 * 64], Arrays.copyOfRange(features, 38 * 64, 40 * 64));
    }

    @Test
    void onlyWhatChangedIsComputedAgain() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        computed(set);
        Path second = folder.resolve("clip1.wav");
        Files.setLastModifiedTime(second, FileTime.fromMillis(1_000_000));
        assertEquals(0, computed(set), "touched");
        assertEquals(0, computed(set), "touched, its time renewed");
        Path third = folder.resolve("clip2.wav");
        byte[] bytes = Files.readAllBytes(third);
        Recordings.write(third, new float[clip(2).length]);
        Files.setLastModifiedTime(third, FileTime.fromMillis(2_000_000));
        try (FeatureCache cache = FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none())) {
            assertEquals(1, cache.computed(), "other content of the same size");
            assertHolds(cache, 2, logMel(PARAMETERS, new float[clip(2).length]));
        }
        Files.write(third, bytes);
        Files.setLastModifiedTime(third, FileTime.fromMillis(3_000_000));
        assertEquals(1, computed(set), "and back");
        Recordings.write(third, clip(3));
        try (FeatureCache cache = FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none())) {
            assertEquals(1, cache.computed(), "another size");
        }
    }

    @Test
    void otherParametersMakeAllNew() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        computed(set);
        assertEquals(CLIPS, computed(set, parameters(PadMode.REFLECT)));
        assertEquals(CLIPS, computed(set));
        byte[] bytes = Files.readAllBytes(file);
        String header = new String(bytes, 8, 400, StandardCharsets.ISO_8859_1);
        bytes[8 + header.indexOf("earshot-features-2") + "earshot-features-".length()] = '0';
        Files.write(file, bytes);
        assertEquals(CLIPS, computed(set), "another version");
    }

    @Test
    void partsOfASetShareAFile() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        Dataset part = Dataset.open(
                Files.writeString(
                        folder.resolve("part.csv"), "filename,location,record_time\nclip4.wav,,\nclip1.wav,,\n"),
                folder);
        assertEquals(2, computed(part));
        assertEquals(3, computed(set));
        assertEquals(0, computed(part));
        assertEquals(0, computed(set));
    }

    @Test
    void anInterruptedRunIsGoneOnWith() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        IllegalStateException e = assertThrows(
                IllegalStateException.class,
                () -> FeatureCache.open(set, PARAMETERS, file, 2, (done, total) -> {
                    if (done == 3) {
                        throw new IllegalStateException("stop");
                    }
                }));
        assertEquals("stop", e.getMessage());
        assertFalse(Files.exists(file));
        assertEquals(CLIPS - 3, computed(set));
    }

    @Test
    void aClipThatChangedSinceTheInterruptionIsNew() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        Path last = folder.resolve("clip4.wav");
        Path aside = Files.move(last, folder.resolve("aside"));
        Files.write(last, new byte[10]);
        assertThrows(
                EarshotException.class, () -> FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none()));
        Recordings.write(folder.resolve("clip0.wav"), clip(1));
        Files.move(aside, last, StandardCopyOption.REPLACE_EXISTING);
        try (FeatureCache cache = FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none())) {
            assertEquals(2, cache.computed());
            assertHolds(cache, 0, logMel(PARAMETERS, clip(1)));
            assertHolds(cache, 4, logMel(PARAMETERS, clip(4)));
        }
    }

    @Test
    void whatIsLeftOfAnotherSetIsNotTakenForThisOne() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        interrupted(set);
        Recordings.set(folder, CLIPS);
        Dataset part = part("clip3.wav,,\nclip1.wav,,\n");
        assertEquals(2, computed(part));
        Files.createFile(folder.resolve("cache.safetensors.part"));
        assertEquals(3, computed(set), "an empty part, left by a run that did not come to its first byte");
        assertFalse(Files.exists(folder.resolve("cache.safetensors.part")));
    }

    private void interrupted(Dataset set) {
        assertThrows(
                IllegalStateException.class,
                () -> FeatureCache.open(set, PARAMETERS, file, 2, (done, total) -> {
                    throw new IllegalStateException("stop");
                }));
        assertTrue(Files.exists(folder.resolve("cache.safetensors.part")));
    }

    /** What an entry cannot be is no reason to fail: the clip is computed again. */
    @Test
    void impossibleFramesAreComputedAgain() throws IOException {
        Dataset set = Recordings.set(folder, 3);
        computed(set);
        int data = 8
                + ByteBuffer.wrap(Files.readAllBytes(file))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getInt(0);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            // 'frames' stands behind 'size' and 'modified', each three numbers.
            access.seek(data + 6 * Long.BYTES);
            access.writeLong(-1);
            access.writeLong(Long.reverseBytes(21));
        }
        assertEquals(2, computed(set));
    }
}
