package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.earshot.audio.AudioLimits;
import org.earshot.error.AudioException;
import org.earshot.error.EarshotException;
import org.earshot.layer.Shape;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Files that are no cache, places that are none for one, and recordings that cannot be read. */
class FeatureCacheRefusalsTest extends CachedClips {
    @Test
    void whatIsNoPartOfACacheIsRefusedAndStays() throws IOException {
        Dataset set = Recordings.set(folder, 2);
        Path part = folder.resolve("cache.safetensors.part");
        Path precious = Files.writeString(folder.resolve("precious.txt"), "my only copy");
        Path empty = Files.createFile(folder.resolve("empty.txt"));
        for (Path target : List.of(precious, empty, folder.resolve("nothing"))) {
            Files.createSymbolicLink(part, target);
            assertPartRefused(set, "a link");
            assertTrue(Files.isSymbolicLink(part));
            Files.delete(part);
        }
        assertEquals("my only copy", Files.readString(precious));
        assertEquals(0, Files.size(empty));
        assertFalse(Files.exists(folder.resolve("nothing")));
        for (byte[] bytes : new byte[][] {{1, 2, 3}, new byte[1000], Files.readAllBytes(precious)}) {
            Files.write(part, bytes);
            assertPartRefused(set, "a file of another kind");
            assertArrayEquals(bytes, Files.readAllBytes(part));
        }
        Safetensors.write(part, Map.of("weight", WeightTensor.of(Shape.of(1), 1f)));
        assertPartRefused(set, "a file of another kind");
        Files.delete(part);
        Files.createDirectory(part);
        assertPartRefused(set, "no regular file");
    }

    private void assertPartRefused(Dataset set, String found) {
        String message = assertThrows(
                        DatasetException.class,
                        () -> FeatureCache.open(set, PARAMETERS, file, 1, (done, total) -> {
                            throw new AssertionError("work was done");
                        }))
                .getMessage();
        assertTrue(message.contains("cache.safetensors.part: found " + found), message);
    }

    @Test
    void foreignAndDamagedFilesAreRefusedAndStay() throws IOException {
        Dataset set = Recordings.set(folder, 2);
        computed(set);
        byte[] good = Files.readAllBytes(file);
        Safetensors.write(file, Map.of("weight", WeightTensor.of(Shape.of(1), 1f)));
        assertRefused(set, "something else");
        assertRefused(set, new byte[0], "too short");
        assertRefused(set, "no safetensors file, but a text".getBytes(StandardCharsets.UTF_8), "another kind");
        assertRefused(set, Arrays.copyOf(good, good.length - 1), "where its header says");
        assertRefused(set, Arrays.copyOf(good, good.length + 1), "where its header says");
        for (long length : new long[] {-1, Long.MAX_VALUE, Integer.MAX_VALUE, good.length}) {
            byte[] bytes = good.clone();
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            assertRefused(set, bytes, "another kind");
        }
        String text = new String(good, StandardCharsets.ISO_8859_1);
        // Same length, other meaning.
        assertRefused(set, changed(text, "\"shape\":[2,20,64]", "\"shape\":[2,64,20]"), "contradicts itself");
        assertRefused(set, changed(text, "clip1.wav", "clip0.wav"), "a clip twice");
        assertRefused(set, changed(text, "[\\\"clip0", "{\\\"clip0"), "without names");
    }

    private static byte[] changed(String text, String from, String to) {
        assertTrue(text.contains(from), from);
        return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
    }

    private void assertRefused(Dataset set, byte[] bytes, String reason) throws IOException {
        Files.write(file, bytes);
        assertRefused(set, reason);
        assertArrayEquals(bytes, Files.readAllBytes(file));
    }

    private void assertRefused(Dataset set, String reason) {
        String message = assertThrows(
                        DatasetException.class,
                        () -> FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none()))
                .getMessage();
        assertTrue(message.contains("cache.safetensors: found ") && message.contains(reason), message);
    }

    @Test
    void placesThatCannotBeWrittenAreRefusedBeforeAnyWork() throws IOException {
        Dataset set = Recordings.set(folder, 1);
        for (Path place : List.of(folder.resolve("none/cache"), folder)) {
            assertThrows(
                    DatasetException.class,
                    () -> FeatureCache.open(set, PARAMETERS, place, 1, (done, total) -> {
                        throw new AssertionError("work was done");
                    }));
        }
    }

    @Test
    void unreadableRecordingsAreLeftOutWhereThatIsAskedFor() throws IOException {
        Dataset set = Recordings.set(folder, CLIPS);
        Files.write(folder.resolve("clip1.wav"), new byte[10]);
        Files.delete(folder.resolve("clip3.wav"));
        List<UnreadableClip> unreadable = new ArrayList<>();
        try (FeatureCache cache = FeatureCache.open(
                set, PARAMETERS, AudioLimits.defaults(), file, 2, ProgressListener.none(), unreadable::add)) {
            assertEquals(
                    List.of("clip0.wav", "clip2.wav", "clip4.wav"),
                    cache.set().clips().stream().map(Dataset.Clip::name).toList());
            assertEquals(3, cache.computed());
            assertHolds(cache, 1, logMel(PARAMETERS, clip(2)));
            assertHolds(cache, 2, logMel(PARAMETERS, clip(4)));
        }
        assertEquals(
                Set.of("clip1.wav", "clip3.wav"),
                unreadable.stream().map(clip -> clip.clip().name()).collect(Collectors.toSet()));
        for (UnreadableClip clip : unreadable) {
            assertTrue(clip.reason().getMessage().contains(clip.clip().name()), clip.toString());
        }
        Recordings.write(folder.resolve("clip1.wav"), clip(1));
        Recordings.write(folder.resolve("clip3.wav"), clip(3));
        assertEquals(2, computed(set), "mended");
        try (FeatureCache memory = FeatureCache.inMemory(
                set,
                PARAMETERS,
                AudioLimits.defaults(),
                2,
                ProgressListener.none(),
                clip -> assertNull(clip.reason()))) {
            assertEquals(CLIPS, memory.set().clips().size());
        }
    }

    /** Also where the file has features of them, from a run that took what could be decoded. */
    @Test
    void damagedRecordingsAreRefusedWhereThatIsAskedFor() throws IOException {
        Dataset set = Recordings.set(folder, 3);
        Recordings.cut(folder.resolve("clip1.wav"));
        assertEquals(List.of(3, 0), List.of(filled(set), filled(set)));
        AudioLimits strict = AudioLimits.defaults().withStrict(true);
        for (boolean inFile : new boolean[] {true, false}) {
            List<UnreadableClip> refused = new ArrayList<>();
            try (FeatureCache cache = inFile
                    ? FeatureCache.open(set, PARAMETERS, strict, file, 2, ProgressListener.none(), refused::add)
                    : FeatureCache.inMemory(set, PARAMETERS, strict, 2, ProgressListener.none(), refused::add)) {
                assertEquals(
                        List.of("clip0.wav", "clip2.wav"),
                        cache.set().clips().stream().map(Dataset.Clip::name).toList());
                assertEquals(inFile ? 0 : 2, cache.computed());
            }
            assertEquals(1, refused.size());
            assertEquals(
                    AudioException.Reason.DAMAGED,
                    assertInstanceOf(AudioException.class, refused.get(0).reason())
                            .reason());
        }
        assertEquals(1, filled(set), "where it is not, they are taken again");
    }

    private int filled(Dataset set) {
        try (FeatureCache cache = FeatureCache.open(set, PARAMETERS, file, 1, ProgressListener.none())) {
            return cache.computed();
        }
    }

    @Test
    void nothingReadIsNoSuccess() throws IOException {
        Dataset set = Recordings.set(folder, 2);
        Files.write(folder.resolve("clip0.wav"), new byte[10]);
        Files.write(folder.resolve("clip1.wav"), new byte[0]);
        List<UnreadableClip> unreadable = new ArrayList<>();
        for (Executable attempt : List.<Executable>of(
                () -> FeatureCache.open(
                        set, PARAMETERS, AudioLimits.defaults(), file, 2, ProgressListener.none(), unreadable::add),
                () -> FeatureCache.inMemory(
                        set, PARAMETERS, AudioLimits.defaults(), 2, ProgressListener.none(), unreadable::add))) {
            String message = assertThrows(DatasetException.class, attempt).getMessage();
            assertTrue(message.contains("no recording that can be read, of 2"), message);
        }
        assertEquals(4, unreadable.size());
    }

    @Test
    void damagedAudioIsNamed() throws IOException {
        Dataset set = Recordings.set(folder, 3);
        Files.write(folder.resolve("clip1.wav"), new byte[] {'R', 'I', 'F', 'F'});
        assertTrue(assertThrows(
                        EarshotException.class,
                        () -> FeatureCache.inMemory(set, PARAMETERS, 2, ProgressListener.none()))
                .getMessage()
                .contains("clip1.wav"));
    }
}
