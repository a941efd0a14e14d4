package org.earshot.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.protobuf.ByteString;
import inference.OpenInferenceGrpc.ModelInferRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.earshot.server.service.ModelSource;

/** A server of the demonstration model, and how tests ask it. */
final class Served implements AutoCloseable {
    static final Path MODEL = Path.of("..", "..", "tools", "demo-model");
    static final String NAME = "demo";
    static final Path SAMPLES = Path.of("..", "..", "tools", "samples");
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    final Queue<String> log = new ConcurrentLinkedQueue<>();
    final EarshotServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    Served() {
        this(builder -> builder);
    }

    Served(UnaryOperator<EarshotServer.Builder> choices) {
        this(choices, new ModelSource(NAME, MODEL));
    }

    Served(UnaryOperator<EarshotServer.Builder> choices, ModelSource... models) {
        try {
            // Small batches: a server warms up with full ones.
            EarshotServer.Builder builder =
                    EarshotServer.of(models).log(log::add).batching(2, Duration.ofMillis(2), 64);
            server = choices.apply(builder).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] sample(String name) {
        try {
            return Files.readAllBytes(SAMPLES.resolve(name + ".wav"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A call to classify recordings. */
    static ModelInferRequest.Builder audio(byte[]... files) {
        ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName(NAME);
        ModelInferRequest.InferInputTensor.Builder input =
                request.addInputsBuilder().setName("AUDIO").setDatatype("BYTES").addShape(files.length);
        for (byte[] file : files) {
            input.getContentsBuilder().addBytesContents(ByteString.copyFrom(file));
        }
        return request;
    }

    /** The samples of a file of {@link #SAMPLES}. */
    static float[] samples(byte[] wav) {
        ByteBuffer pcm = ByteBuffer.wrap(wav, 44, wav.length - 44).slice().order(ByteOrder.LITTLE_ENDIAN);
        float[] samples = new float[pcm.remaining() / Short.BYTES];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = pcm.getShort() * 0x1p-15f;
        }
        return samples;
    }

    /** Noise that takes a while to classify. */
    static byte[] noise(int seconds) {
        int rate = 44_100;
        byte[] pcm = new byte[seconds * rate];
        new Random(seconds).nextBytes(pcm);
        ByteBuffer wav = ByteBuffer.allocate(44 + pcm.length).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + pcm.length);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1)
                .putShort((short) 1)
                .putInt(rate)
                .putInt(rate)
                .putShort((short) 1)
                .putShort((short) 8);
        wav.put("data".getBytes(StandardCharsets.US_ASCII)).putInt(pcm.length).put(pcm);
        return wav.array();
    }

    URI uri(String path) {
        return URI.create("http://localhost:" + server.port() + path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).timeout(PATIENCE);
    }

    HttpRequest.Builder post(String path, byte[] body) {
        return request(path).POST(HttpRequest.BodyPublishers.ofByteArray(body));
    }

    HttpResponse<byte[]> send(HttpRequest.Builder request) {
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<byte[]> get(String path) {
        return send(request(path));
    }

    static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    static JsonNode json(HttpResponse<byte[]> response) {
        return json(text(response));
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A value of the metrics; 0 if there is none. */
    double metric(String begin) {
        return text(get("/metrics"))
                .lines()
                .filter(line -> line.startsWith(begin))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Calls that have ended in one way. */
    double outcomes(String outcome) {
        return text(get("/metrics"))
                .lines()
                .filter(line ->
                        line.startsWith("earshot_call_seconds_count") && line.contains("outcome=\"" + outcome + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Calls that are computed or wait. */
    double pending() {
        return metric("earshot_calls_running") + metric("earshot_calls_waiting");
    }

    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited in vain");
            }
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    static List<String> lines(HttpResponse<byte[]> response) {
        return text(response).lines().toList();
    }

    @Override
    public void close() {
        server.close();
    }
}
