package org.earshot.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.earshot.audio.AudioLimits;
import org.earshot.backend.choice.Backends;
import org.earshot.error.AudioException;
import org.earshot.error.CancelledException;
import org.earshot.error.EarshotException;
import org.earshot.features.FeatureParameters;
import org.earshot.features.FeatureParameters.PadMode;
import org.earshot.features.LogMelFrames;
import org.earshot.layer.Shape;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The truth is the log-mel itself, which other tests compare with librosa's. */
class FeatureCacheTest {
    private static final int CLIPS = 5;
    private static final FeatureParameters PARAMETERS = parameters(PadMode.CONSTANT);

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("cache.safetensors");
    }

    private static FeatureParameters parameters(PadMode padMode) {
        return new FeatureParameters(Recordings.RATE, 2048, 1764, 882, 64, 50, 22_050, 20, padMode, 80);
    }

    private static float[] logMel(FeatureParameters parameters, float... pcm) {
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
    private static float[] clip(int index) {
        return Recordings.noise(0.3 + 0.05 * index, index);
    }

    private static void assertHolds(FeatureCache cache, int clip, float... expected) {
        float[] values = new float[PARAMETERS.frames() * PARAMETERS.melBands()];
        int frames = cache.read(clip, values);
        assertEquals(frames, cache.frames(clip));
        assertArrayEquals(expected, Arrays.copyOf(values, frames * PARAMETERS.melBands()));
    }

    /** Opens the cache, checks every clip, and returns how many were computed. */
    private int computed(Dataset set, FeatureParameters parameters) {
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

    private int computed(Dataset set) {
        return computed(set, PARAMETERS);
    }

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

    private Dataset part(String rows) throws IOException {
        return Dataset.open(
                Files.writeString(folder.resolve("part.csv"), "filename,location,record_time\n" + rows), folder);
    }

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
