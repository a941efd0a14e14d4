package org.earshot.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;
import org.earshot.server.decoding.ProcessDecoder;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoders that end, by themselves or by others: nobody but their own recording notices. */
class DecodingProcessesTest {
    private static final Path AUDIO = Path.of("..", "earshot-ffmpeg", "src", "test", "resources", "audio");
    private static final int FILE_BYTES = 1 << 24;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static byte[] audio(String name) {
        try {
            return Files.readAllBytes(AUDIO.resolve(name));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** MP3 of some minutes, which are frames behind frames. */
    private static byte[] longRecording() {
        byte[] one = audio("tone.mp3");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < 300; i++) {
            all.writeBytes(one);
        }
        return all.toByteArray();
    }

    private static List<ProcessHandle> processes() {
        // Java's own helper is none of ours.
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("java"))
                .toList();
    }

    private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** What a recording gives: samples and losses, or what it is refused with. */
    @SuppressWarnings("ArrayRecordComponent") // Not compared as a whole.
    private record Read(String refusal, float[] samples, List<AudioLoss> losses) {}

    private static Read read(AudioStream opened) {
        List<Float> samples = new ArrayList<>();
        try (AudioStream stream = opened) {
            float[] block = new float[1000 * stream.channels()];
            for (int frames = stream.read(block, 0, 1000); frames > 0; frames = stream.read(block, 0, 1000)) {
                for (int i = 0; i < frames * stream.channels(); i++) {
                    samples.add(block[i]);
                }
            }
            float[] all = new float[samples.size()];
            for (int i = 0; i < all.length; i++) {
                all[i] = samples.get(i);
            }
            return new Read(null, all, stream.losses());
        }
    }

    private static Read read(byte[] file, ProcessDecoder decoder) {
        try {
            return read(
                    decoder == null
                            ? AudioFiles.open(file, "x", AudioLimits.defaults())
                            : AudioFiles.open(file, "x", AudioLimits.defaults(), decoder));
        } catch (AudioException e) {
            return new Read(e.reason() + " " + e.getMessage(), new float[0], List.of());
        }
    }

    /** Every format and every damage, as they are and with a byte changed: the same samples, losses and refusals. */
    @Test
    void readsWhatTheDecoderReadsInThisProcess() throws IOException {
        Random random = new Random(1);
        int read = 0;
        try (ProcessDecoder decoder = new ProcessDecoder(2, FILE_BYTES, PATIENCE);
                Stream<Path> files = Files.list(AUDIO)) {
            for (Path path : files.filter(Files::isRegularFile).sorted().toList()) {
                byte[] file = Files.readAllBytes(path);
                for (int change = 0; change < 2 && file.length > 0; change++) {
                    Read here = read(file, null);
                    Read there = read(file, decoder);
                    assertEquals(here.refusal(), there.refusal(), path.toString());
                    assertArrayEquals(here.samples(), there.samples(), path.toString());
                    assertEquals(here.losses(), there.losses(), path.toString());
                    read += here.refusal() == null ? 1 : 0;
                    file[random.nextInt(file.length)] ^= 0x55;
                }
            }
            assertEquals(1, decoder.count(), "one after the other needs one");
        }
        assertTrue(read > 20, read + " were read");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aCrashIsItsOwnRecordingsAlone() throws Exception {
        ExecutorService clients = Executors.newCachedThreadPool();
        byte[] bus = Served.sample("bus");
        byte[] flac = audio("tone.flac");
        byte[] longRecording = longRecording();
        try (Served served = new Served()) {
            assertEquals(200, served.send(served.post("/classify", flac)).statusCode());
            assertEquals(1, processes().size());
            ProcessHandle first = processes().get(0);
            // Stopped, so that it is in the middle of the recording when it crashes.
            signal("STOP", first);
            Future<HttpResponse<byte[]>> hit =
                    clients.submit(() -> served.send(served.post("/classify", longRecording)));
            Served.await(() -> served.pending() == 1);
            Future<HttpResponse<byte[]>> beside = clients.submit(() -> served.send(served.post("/classify", flac)));
            assertEquals(200, beside.get().statusCode(), "another decodes meanwhile");
            assertEquals(
                    "Bus",
                    Served.json(served.send(served.post("/classify", bus)))
                            .get("label")
                            .asText());
            signal("SEGV", first);
            signal("CONT", first);
            assertEquals(422, hit.get().statusCode(), () -> Served.text(now(hit)));
            assertTrue(Served.text(hit.get()).contains("a decoder that ended with status"), Served.text(hit.get()));
            assertEquals(
                    200, served.send(served.post("/classify", longRecording)).statusCode());

            // Killed by another, which is no fault of the recording's.
            ProcessHandle second = processes().get(0);
            signal("STOP", second);
            Future<HttpResponse<byte[]>> killed =
                    clients.submit(() -> served.send(served.post("/classify", longRecording)));
            Served.await(() -> served.pending() == 1);
            second.destroyForcibly();
            assertEquals(503, killed.get().statusCode(), () -> Served.text(now(killed)));
            assertEquals("1", killed.get().headers().firstValue("Retry-After").orElseThrow());
            assertEquals(200, served.send(served.post("/classify", flac)).statusCode());
        } finally {
            clients.shutdownNow();
        }
        Served.await(() -> processes().isEmpty());
    }

    private static HttpResponse<byte[]> now(Future<HttpResponse<byte[]>> done) {
        try {
            return done.get();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** One that does not answer is given up when its request is. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aDecoderThatHangsIsEnded() throws Exception {
        try (Served served = new Served()) {
            byte[] flac = audio("tone.flac");
            assertEquals(200, served.send(served.post("/classify", flac)).statusCode());
            ProcessHandle process = processes().get(0);
            signal("STOP", process);
            assertEquals(
                    504,
                    served.send(served.post("/classify", flac).header("Request-Timeout-Ms", "300"))
                            .statusCode());
            Served.await(() -> !process.isAlive());
            assertEquals(200, served.send(served.post("/classify", flac)).statusCode());
        }
        try (ProcessDecoder decoder = new ProcessDecoder(1, FILE_BYTES, Duration.ofMillis(1))) {
            AudioException late = assertThrows(
                    AudioException.class, () -> AudioFiles.open(longRecording(), "x", AudioLimits.defaults(), decoder));
            assertEquals(AudioException.Reason.LIMIT, late.reason());
        }
    }

    /** What is meant for the server is none of theirs: they end with it. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void signalsToAllOfTheServersProcessesLeaveThemToTheServer() throws Exception {
        try (ProcessDecoder decoder = new ProcessDecoder(1, FILE_BYTES, PATIENCE)) {
            byte[] flac = audio("tone.flac");
            read(flac, decoder);
            ProcessHandle process = processes().get(0);
            for (String signal : List.of("INT", "TERM", "HUP")) {
                signal(signal, process);
            }
            assertArrayEquals(read(flac, null).samples(), read(flac, decoder).samples());
            assertTrue(process.isAlive());
        }
    }

    @Test
    void whatStillDecodesAtTheEndIsTold() throws IOException {
        ProcessDecoder decoder = new ProcessDecoder(1, FILE_BYTES, PATIENCE);
        AudioStream stream = AudioFiles.open(longRecording(), "x", AudioLimits.defaults(), decoder);
        decoder.close();
        // What has been decoded is there; it is behind that that there is nothing more.
        RequestException ended = assertThrows(RequestException.class, () -> read(stream));
        assertEquals(Problem.UNAVAILABLE, ended.problem());
        RequestException late = assertThrows(
                RequestException.class, () -> AudioFiles.open(longRecording(), "x", AudioLimits.defaults(), decoder));
        assertEquals(Problem.UNAVAILABLE, late.problem());
    }

    /** Whether Java is not found or does not find the decoder: the recording is as good as before. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aDecoderThatCannotBeStartedIsNoFaultOfTheRecordings() {
        byte[] flac = audio("tone.flac");
        try (Served served = new Served()) {
            for (String property : List.of("java.home", "java.class.path")) {
                assertEquals(200, served.send(served.post("/classify", flac)).statusCode());
                for (ProcessHandle process : processes()) {
                    process.destroyForcibly();
                    Served.await(() -> !process.isAlive());
                }
                String before = System.setProperty(property, "/no/where");
                try {
                    HttpResponse<byte[]> refused = served.send(served.post("/classify?name=mine", flac));
                    assertEquals(503, refused.statusCode(), () -> Served.text(refused));
                    assertEquals(
                            "1", refused.headers().firstValue("Retry-After").orElseThrow());
                    assertTrue(Served.text(refused).contains("mine: found no decoder"), Served.text(refused));
                    assertTrue(!Served.text(refused).contains("where"), "no path of the server's is told");
                } finally {
                    System.setProperty(property, before);
                }
            }
            assertEquals(200, served.send(served.post("/classify", flac)).statusCode());
        }
    }

    /** A server of another JVM: decodes a file in a process of its own, and prints how many samples there are. */
    static final class Decoding {
        private Decoding() {}

        public static void main(String[] args) throws IOException {
            try (ProcessDecoder decoder = new ProcessDecoder(1, FILE_BYTES, PATIENCE)) {
                System.out.println(
                        read(Files.readAllBytes(Path.of(args[0])), decoder).samples().length);
            }
        }
    }

    /** As containers have them: the collector is not the decoders', but their settings are the server's. */
    @ParameterizedTest
    @ValueSource(strings = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"})
    void optionsOfTheEnvironmentAreTheServers(String variable, @TempDir Path folder) throws Exception {
        Path tone = AUDIO.resolve("tone.flac");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        String.join(
                                File.pathSeparator,
                                System.getProperty("java.class.path"),
                                System.getProperty("jdk.module.path", ""),
                                Path.of("target", "classes").toString(),
                                Path.of("target", "test-classes").toString()),
                        Decoding.class.getName(),
                        tone.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put(variable, "-XX:+UseParallelGC -Dorg.bytedeco.javacpp.cachedir=" + folder);
        Process server = builder.start();
        String samples = new String(server.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, server.waitFor());
        assertEquals(Integer.toString(read(Files.readAllBytes(tone), null).samples().length), samples);
        try (Stream<Path> unpacked = Files.list(folder.resolve("earshot"))) {
            assertTrue(
                    unpacked.anyMatch(bundle -> bundle.getFileName().toString().startsWith("ffmpeg-")),
                    "the decoder keeps its libraries where the server was told to");
        }
    }

    @Test
    void decodesInTheServersProcessIfToldSo() {
        try (Served served = new Served(EarshotServer.Builder::decodeInProcess)) {
            assertEquals(
                    200,
                    served.send(served.post("/classify", audio("tone.flac"))).statusCode());
            assertEquals(List.of(), processes());
        }
    }
}
