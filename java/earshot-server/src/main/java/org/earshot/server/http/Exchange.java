package org.earshot.server.http;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.earshot.files.Quoted;
import org.earshot.server.service.Deadline;
import org.earshot.server.service.Failure;
import org.earshot.server.service.Limits;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.UploadMemory;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** One request and its answer, which is given once. */
final class Exchange implements Unfinished {
    /** Milliseconds that a client has for its answer. */
    static final String TIMEOUT = "Request-Timeout-Ms";

    /** Attributes of the request for the log. */
    static final String MODEL = "org.earshot.server.model";

    static final String PROBLEM = "org.earshot.server.problem";

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final Limits limits;
    private final UploadMemory.Share share;
    private final DisconnectWatch watch;
    private final Deadline deadline;
    private final Query query;
    private final AtomicBoolean answered = new AtomicBoolean();
    private volatile Runnable farewell;

    /** What all requests share. */
    record Surroundings(Limits limits, UploadMemory memory, DisconnectWatch watch) {}

    Exchange(Request request, Response response, Callback callback, Surroundings around) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        limits = around.limits();
        watch = around.watch();
        share = around.memory().share();
        Request.addCompletionListener(request, failure -> share.close());
        deadline = Deadline.in(timeout());
        query = Query.of(request);
    }

    private Duration timeout() {
        String header = request.getHeaders().get(TIMEOUT);
        if (header == null) {
            return limits.timeout();
        }
        long millis;
        try {
            millis = Long.parseLong(header.strip());
        } catch (NumberFormatException e) {
            millis = 0;
        }
        if (millis < 1) {
            throw RequestException.invalid(TIMEOUT, Quoted.of(header), "a positive number of milliseconds");
        }
        return Duration.ofMillis(Math.min(millis, limits.timeout().toMillis()));
    }

    Request request() {
        return request;
    }

    Response response() {
        return response;
    }

    Callback callback() {
        return callback;
    }

    Deadline deadline() {
        return deadline;
    }

    Query query() {
        return query;
    }

    String header(String name) {
        return request.getHeaders().get(name);
    }

    /** Begins to read the body, which is to be there by the deadline: what comes byte by byte keeps memory too. */
    CompletableFuture<byte[]> body() {
        requirePlain();
        return BodyReader.read(request, limits.bodyBytes(), share)
                .orTimeout(Math.max(1, deadline.remainingNanos()), TimeUnit.NANOSECONDS)
                .exceptionallyCompose(
                        e -> CompletableFuture.failedFuture(e instanceof TimeoutException ? deadline.late() : e));
    }

    /** Refuses a body that is packed: read as it is, it would be told to be no recording, or no JSON. */
    void requirePlain() {
        requirePlain(HttpHeader.TRANSFER_ENCODING, "chunked");
        requirePlain(HttpHeader.CONTENT_ENCODING, "identity");
    }

    private void requirePlain(HttpHeader header, String plain) {
        String coding = String.join(", ", request.getHeaders().getValuesList(header));
        if (!coding.isEmpty() && !coding.equalsIgnoreCase(plain)) {
            response.getHeaders().put(HttpHeader.ACCEPT_ENCODING, "identity");
            throw new RequestException(
                    Problem.UNSUPPORTED,
                    header.lowerCaseName() + ": found " + Quoted.of(coding) + "; expected a body that is not packed");
        }
    }

    /** Marks what the log is to say of it. */
    void model(String name) {
        request.setAttribute(MODEL, name);
    }

    /** Marks what the log is to say went wrong, where the status says nothing of it any more. */
    void note(String problem) {
        request.setAttribute(PROBLEM, problem);
    }

    /**
     * Answers when work is done; stops it if the client goes away first.
     *
     * @param work what to cancel
     * @param answer sends what comes of it
     */
    @SuppressWarnings("FutureReturnValueIgnored") // Their effects are all that is wanted.
    void answer(CompletableFuture<?> work, CompletableFuture<Runnable> answer) {
        DisconnectWatch.Watched watched = watch.watch(request, () -> work.cancel(true));
        // That nothing comes or goes meanwhile is no fault of the client's; the deadline bounds it.
        request.addIdleTimeoutListener(timeout -> false);
        answer.whenComplete((sending, e) -> {
            watched.end();
            if (e != null) {
                fail(e);
            } else {
                sending.run();
            }
        });
    }

    /** Answers with JSON. */
    void json(int status, byte[] json) {
        send(status, "application/json", json);
    }

    /** Answers. */
    void send(int status, String type, byte[] content) {
        if (answered.compareAndSet(false, true)) {
            write(response, callback, status, type, content);
        }
    }

    /** Answers a request, whose body nobody has read, with what is wrong with it. */
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    void refuse(Throwable why) {
        BodyReader.passOver(request, limits.bodyBytes(), share, why).whenComplete((body, e) -> fail(e));
    }

    /** Answers with what went wrong. */
    void fail(Throwable thrown) {
        if (!answered.compareAndSet(false, true)) {
            return;
        }
        if (response.isCommitted()) {
            // It broke off in the middle of its answer; to be cut off is all that its client can be told.
            note(Failure.of(thrown).message());
            callback.failed(thrown);
        } else {
            fail(request, response, callback, thrown);
        }
    }

    @Override
    public SocketAddress client() {
        return request.getConnectionMetaData().getRemoteSocketAddress();
    }

    /** Sets how it is given up where an answer has begun already. */
    void farewell(Runnable work) {
        farewell = work;
    }

    @Override
    public void giveUp() {
        Runnable begun = farewell;
        if (begun == null) {
            fail(RequestException.ending());
        } else {
            Waiting.beside(begun);
        }
    }

    /** Answers a request that has no exchange with what went wrong. */
    static void fail(Request request, Response response, Callback callback, Throwable thrown) {
        Failure failure = Failure.of(Errors.worded(thrown));
        request.setAttribute(PROBLEM, failure.message());
        if (failure.problem() == Problem.BUSY || failure.problem() == Problem.UNAVAILABLE) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, 1);
        }
        if (failure.problem() == Problem.UNAUTHENTICATED) {
            response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        }
        write(response, callback, Statuses.of(failure.problem()), "application/json", Errors.json(failure.message()));
    }

    private static void write(Response response, Callback callback, int status, String type, byte[] content) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, content.length);
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        response.write(true, ByteBuffer.wrap(content), callback);
    }
}
