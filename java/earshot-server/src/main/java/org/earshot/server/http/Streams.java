package org.earshot.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.earshot.ScenePrediction;
import org.earshot.StreamWindow;
import org.earshot.files.Quoted;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentListener;
import org.earshot.server.service.Contexts;
import org.earshot.server.service.Failure;
import org.earshot.server.service.LiveStream;
import org.earshot.server.service.LiveStreams;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.ServedVersion;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/**
 * Live sound, by {@code POST /stream} (a body that does not end until the sound does, answered by a line for each
 * segment while it comes) or by a WebSocket at the same path (PCM as binary messages of any size, a text message
 * {@code end} at its end, the same lines as text messages).
 *
 * <p>Parameters: {@code rate} in Hz, {@code format} ({@code s16le} or {@code f32le}; mono), {@code hop} in seconds,
 * {@code windows=true} for a line a window besides, {@code city}, {@code time}, {@code model}, {@code version}.
 */
final class Streams {
    private static final int BLOCK = 1 << 14;
    private static final int HIGHEST_RATE = 1_000_000;
    private static final double DAY = Duration.ofDays(1).toSeconds();
    private static final double NANOSECONDS = 1e9;

    private static final List<String> PARAMETERS =
            List.of("rate", "format", "hop", "windows", "city", "time", "model", "version");

    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?([eE][+-]?\\d+)?");

    private final ModelRepository models;
    private final LiveStreams streams;
    private final Duration patience;

    /**
     * Answers live sound.
     *
     * @param models that are there
     * @param streams that are open
     * @param patience for a client of a WebSocket to agree that it is over
     */
    Streams(ModelRepository models, LiveStreams streams, Duration patience) {
        this.models = models;
        this.streams = streams;
        this.patience = patience;
    }

    /** What a request asks for. */
    private record Wish(ServedVersion version, LiveStream.Options options, boolean windows) {}

    private Wish wish(Exchange exchange) {
        Query query = exchange.query();
        query.requireOnly(PARAMETERS);
        ServedVersion version = models.model(query.value("model")).version(query.value("version"));
        exchange.model(version.model());
        String format = value(query, "format", "s16le");
        if (!format.equals("s16le") && !format.equals("f32le")) {
            throw RequestException.invalid("format", Quoted.of(format), "s16le or f32le");
        }
        double rate = number(query, "rate", "48000", HIGHEST_RATE);
        double hop = number(query, "hop", "1", DAY);
        if (rate != (int) rate) {
            throw RequestException.invalid("rate", Double.toString(rate), "whole samples a second");
        }
        return new Wish(
                version,
                new LiveStream.Options(
                        Contexts.of(query.value("city"), query.value("time")),
                        (int) rate,
                        format.equals("f32le"),
                        Duration.ofNanos(Math.round(hop * NANOSECONDS))),
                flag(query, "windows"));
    }

    private static boolean flag(Query query, String name) {
        String text = value(query, name, "false");
        if (!text.equals("true") && !text.equals("false")) {
            throw RequestException.invalid(name, Quoted.of(text), "true or false");
        }
        return text.equals("true");
    }

    private static String value(Query query, String name, String otherwise) {
        String value = query.value(name);
        return value == null ? otherwise : value;
    }

    private static double number(Query query, String name, String otherwise, double most) {
        String text = value(query, name, otherwise);
        // As JSON has numbers: Java takes 8000d, 0x1p13 and blanks besides, which are likelier mistakes than numbers.
        double number = NUMBER.matcher(text).matches() ? Double.parseDouble(text) : 0;
        if (number <= 0 || number > most) {
            throw RequestException.invalid(name, Quoted.of(text), "a positive number, at most " + (long) most);
        }
        return number;
    }

    private LiveStream open(Wish wish, Consumer<String> lines) {
        Consumer<StreamWindow<ScenePrediction>> windows =
                wish.windows() ? window -> lines.accept(line(window)) : window -> {};
        return streams.open(wish.version(), wish.options(), windows, new SegmentListener() {
            @Override
            public void began(SceneSegment segment) {
                lines.accept(line("began", segment));
            }

            @Override
            public void ended(SceneSegment segment) {
                lines.accept(line("segment", segment));
            }
        });
    }

    private static String line(String kind, SceneSegment segment) {
        return text(out -> out.writePOJOField(kind, segment));
    }

    private static String line(StreamWindow<ScenePrediction> window) {
        return text(out -> {
            out.writeObjectFieldStart("window");
            out.writeNumberField("start", window.start().toNanos() / NANOSECONDS);
            out.writeNumberField("end", window.end().toNanos() / NANOSECONDS);
            out.writeStringField("label", window.prediction().label());
            out.writeNumberField("probability", window.prediction().probability());
            out.writeEndObject();
        });
    }

    private static String text(Json.Fields fields) {
        return new String(Json.object(fields), StandardCharsets.UTF_8);
    }

    /** Answers a body while it comes. Takes the thread, of which there are as many as streams and more. */
    void post(Exchange exchange) {
        exchange.requirePlain();
        String type = exchange.header(HttpHeader.CONTENT_TYPE.asString());
        if (Upload.isForm(type)) {
            // Its boundaries and headers would be heard.
            throw new RequestException(
                    Problem.UNSUPPORTED, "content-type: found a form; expected the samples themselves");
        }
        Wish wish = wish(exchange);
        OutputStream out = Content.Sink.asOutputStream(exchange.response());
        try (LiveStream stream = open(wish, line -> write(out, line))) {
            exchange.response().getHeaders().put(HttpHeader.CONTENT_TYPE, "application/jsonl");
            // Whoever waits for the status before he sends on has it.
            out.flush();
            AtomicBoolean over = new AtomicBoolean();
            exchange.farewell(() -> end(exchange, stream, out, over, RequestException.ending()));
            RuntimeException failure = null;
            try {
                InputStream in = Request.asInputStream(exchange.request());
                byte[] block = new byte[BLOCK];
                for (int read = in.read(block); read >= 0 && !over.get(); read = in.read(block)) {
                    stream.push(ByteBuffer.wrap(block, 0, read));
                }
            } catch (IOException | UncheckedIOException e) {
                if (!over.get()) {
                    throw RequestException.invalid("body", "its end too early", "all of it");
                }
            } catch (RuntimeException e) {
                failure = e;
            }
            end(exchange, stream, out, over, failure);
        } catch (IOException | UncheckedIOException e) {
            exchange.callback().failed(e);
        }
    }

    /** Ends an answer, once, by what is left to be said of the sound, and by what went wrong, if anything did. */
    private static void end(
            Exchange exchange, LiveStream stream, OutputStream out, AtomicBoolean over, RuntimeException failure) {
        // Whoever comes second waits, as he closes the stream then.
        synchronized (over) {
            if (!over.getAndSet(true)) {
                endNow(exchange, stream, out, failure);
            }
        }
    }

    private static void endNow(Exchange exchange, LiveStream stream, OutputStream out, RuntimeException failure) {
        RuntimeException told = failure;
        try {
            try {
                stream.finish();
            } catch (RuntimeException e) {
                told = told == null ? e : told;
            }
            if (told != null) {
                String message = Failure.of(told).message();
                exchange.note(message);
                write(out, error(message));
            }
            out.close();
            exchange.callback().succeeded();
        } catch (IOException | UncheckedIOException e) {
            exchange.callback().failed(e);
        }
    }

    private static void write(OutputStream out, String line) {
        try {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Opens the stream of a WebSocket. */
    StreamSocket socket(Exchange exchange, Waiting waiting) {
        Wish wish = wish(exchange);
        return new StreamSocket(lines -> open(wish, lines), waiting, patience);
    }

    /** What is said of a failure, once a status cannot be. */
    static String error(String message) {
        return text(json -> json.writeStringField("error", message));
    }
}
