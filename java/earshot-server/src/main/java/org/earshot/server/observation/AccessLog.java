package org.earshot.server.observation;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A line of JSON for each request, when it has been answered. Where and when a recording was made is in none of them.
 */
public final class AccessLog implements AutoCloseable {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final double NANOSECONDS = 1e9;
    private static final System.Logger LOGGER = System.getLogger(AccessLog.class.getName());

    private final Optional<LineQueue> lines;

    /**
     * Makes a log.
     *
     * @param lines takes each line, without its end, on a thread of the log's. Empty if nobody does: none is then made
     */
    public AccessLog(Optional<Consumer<String>> lines) {
        this.lines = lines.map(taker -> new LineQueue(
                "earshot-server-log",
                taker,
                trouble -> LOGGER.log(
                        System.Logger.Level.WARNING, () -> "the access log " + trouble + "; requests are answered")));
    }

    /**
     * What became of a request.
     *
     * @param protocol {@code http} or {@code grpc}
     * @param remote the client's address, or null if it is not known
     * @param method HTTP's, or gRPC's
     * @param path HTTP's without the query; null of gRPC
     * @param model which was asked, or null
     * @param status HTTP's number, or the name of gRPC's
     * @param bytesIn of the body, or -1 if that is not counted
     * @param bytesOut likewise
     * @param nanos from its beginning to its end
     * @param error what its sender was told, or null
     */
    public record Entry(
            String protocol,
            String remote,
            String method,
            String path,
            String model,
            String status,
            long bytesIn,
            long bytesOut,
            long nanos,
            String error) {}

    /**
     * Writes a line. A request is over when it is told of, whatever becomes of its line: where the disk is full or
     * nobody reads, that is said once, and lines are lost.
     *
     * @param entry what became of a request
     */
    public void write(Entry entry) {
        lines.ifPresent(queue -> queue.add(line(entry)));
    }

    /**
     * Lines that were lost.
     *
     * @return how many so far
     */
    public long lost() {
        return lines.map(LineQueue::lost).orElse(0L);
    }

    /** Waits for the last lines to be taken, but not for long. */
    @Override
    public void close() {
        lines.ifPresent(LineQueue::close);
    }

    private static String line(Entry entry) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            out.writeStartObject();
            out.writeStringField(
                    "time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
            out.writeStringField("protocol", entry.protocol());
            write(out, "remote", entry.remote());
            out.writeStringField("method", entry.method());
            write(out, "path", entry.path());
            write(out, "model", entry.model());
            out.writeStringField("status", entry.status());
            if (entry.bytesIn() >= 0) {
                out.writeNumberField("bytes_in", entry.bytesIn());
                out.writeNumberField("bytes_out", entry.bytesOut());
            }
            out.writeNumberField("seconds", entry.nanos() / NANOSECONDS);
            write(out, "error", entry.error());
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // A StringWriter throws none.
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, String field, String value) throws IOException {
        if (value != null) {
            out.writeStringField(field, value);
        }
    }
}
