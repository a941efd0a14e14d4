package org.earshot.server.http;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.UploadMemory;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;

/** Reads a body into memory as it comes. No thread waits for it: a slow client takes none. */
final class BodyReader implements Runnable {
    private static final int FIRST = 1 << 16;

    private final Request request;
    private final int most;
    private final UploadMemory.Share share;
    private final long announced;
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private byte[] bytes = {};
    private int size;
    /**
     * Why the body is not taken, whose rest is then read all the same: many clients look for an answer only behind it.
     */
    private Throwable refusal;

    private long passedOver;

    private BodyReader(Request request, int most, UploadMemory.Share share) {
        this.request = request;
        this.most = most;
        this.share = share;
        announced = request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH);
    }

    /**
     * Begins to read.
     *
     * @param most bytes
     * @param share takes the memory, and keeps it
     * @return the whole body to come
     */
    static CompletableFuture<byte[]> read(Request request, int most, UploadMemory.Share share) {
        BodyReader reader = new BodyReader(request, most, share);
        return reader.begin(reader.announced > most ? reader.tooLarge() : null);
    }

    /**
     * Reads a body that is not wanted, as far as that is not too much.
     *
     * @param why it is not
     * @return that exception to come
     */
    static CompletableFuture<byte[]> passOver(Request request, int most, UploadMemory.Share share, Throwable why) {
        return new BodyReader(request, most, share).begin(why);
    }

    private CompletableFuture<byte[]> begin(Throwable why) {
        refusal = why;
        if (refusal != null && (announced > 2L * most || asksFirst())) {
            body.completeExceptionally(refusal);
        } else {
            run();
        }
        return body;
    }

    @Override
    public void run() {
        while (!body.isDone()) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                request.demand(this);
                return;
            }
            if (Content.Chunk.isFailure(chunk)) {
                body.completeExceptionally(refusal == null ? gone(chunk.getFailure()) : refusal);
                return;
            }
            take(chunk.getByteBuffer());
            boolean last = chunk.isLast();
            chunk.release();
            if (refusal != null && (last || passedOver > most)) {
                body.completeExceptionally(refusal);
            } else if (last) {
                body.complete(size == bytes.length ? bytes : Arrays.copyOf(bytes, size));
            }
        }
    }

    /** Whether the client waits for a word before it sends. */
    private boolean asksFirst() {
        return request.getHeaders().contains(HttpHeader.EXPECT);
    }

    private void take(ByteBuffer chunk) {
        if (refusal == null) {
            try {
                append(chunk);
            } catch (RequestException | OutOfMemoryError e) {
                refusal = e;
                bytes = new byte[0];
                share.close();
            }
        }
        if (refusal != null) {
            passedOver += chunk.remaining();
        }
    }

    private void append(ByteBuffer chunk) {
        int length = chunk.remaining();
        if (length > most - size) {
            throw tooLarge();
        }
        if (length > bytes.length - size) {
            // What is announced may never come: it is believed by sixteenfold steps, and no more than it is needed.
            long wanted = Math.max(Math.max(FIRST, 16L * bytes.length), (long) size + length);
            int capacity = (int) Math.min(wanted, announced >= size + length ? announced : most);
            share.growTo(capacity);
            bytes = Arrays.copyOf(bytes, capacity);
        }
        chunk.get(bytes, size, length);
        size += length;
    }

    private RequestException tooLarge() {
        return new RequestException(
                Problem.TOO_LARGE, "body: found more than " + most + " bytes; expected at most so many");
    }

    private static RequestException gone(Throwable failure) {
        // Chunks that are none look like this too.
        return failure instanceof EOFException
                ? RequestException.invalid("body", "its end too early", "all of it")
                : new RequestException(Problem.LATE, "body: found no more of it for too long; expected all of it");
    }
}
