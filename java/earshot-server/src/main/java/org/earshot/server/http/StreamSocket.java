package org.earshot.server.http;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.earshot.files.Quoted;
import org.earshot.server.service.Failure;
import org.earshot.server.service.LiveStream;
import org.earshot.server.service.RequestException;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.StatusCode;

/** Live sound by a WebSocket. Public, as Jetty calls it by reflection. */
public final class StreamSocket implements Session.Listener.AutoDemanding, Unfinished, AutoCloseable {
    /** What a client says when its sound is over. */
    private static final String END = "end";

    private final LiveStream stream;
    private final Waiting waiting;
    private final Duration patience;
    /** Done once the connection has no WebSocket any more. */
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    private volatile Session session;

    /**
     * Opens the stream.
     *
     * @param opening is handed who takes its lines
     * @param waiting has it while it is open
     * @param patience for a client to agree that it is over
     */
    StreamSocket(Function<Consumer<String>, LiveStream> opening, Waiting waiting, Duration patience) {
        this.waiting = waiting;
        this.patience = patience;
        stream = opening.apply(this::send);
    }

    private void send(String line) {
        Callback.Completable sent = new Callback.Completable();
        session.sendText(line, sent);
        // A client that does not read has no more of its sound heard meanwhile.
        try {
            sent.join();
        } catch (CompletionException e) {
            // It has gone away: nobody is left to be told, and nothing of ours failed.
            throw new CancellationException();
        }
    }

    @Override
    public void onWebSocketOpen(Session opened) {
        session = opened;
        waiting.add(this);
    }

    /** Piece by piece: whole messages are bounded, and a stream does not care where one ends. */
    @Override
    public void onWebSocketPartialBinary(ByteBuffer payload, boolean last, Callback callback) {
        attempt(() -> stream.push(payload));
        callback.succeed();
    }

    @Override
    public void onWebSocketText(String message) {
        if (message.equals(END)) {
            attempt(() -> {
                stream.finish();
                leave(StatusCode.NORMAL, END);
            });
        } else {
            end(StatusCode.BAD_PAYLOAD, "text: found " + Quoted.of(message) + "; expected " + END);
        }
    }

    private void attempt(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            Failure failure = Failure.of(e);
            end(Statuses.closing(failure.problem()), failure.message());
        }
    }

    private void end(int status, String reason) {
        stream.close();
        if (session.isOpen()) {
            session.sendText(Streams.error(reason), Callback.NOOP);
            leave(status, "error");
        }
    }

    /** Says that it is over. A client may go on to send, or may not read it: in time it is cut off. */
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    private void leave(int status, String reason) {
        session.close(status, reason, Callback.NOOP);
        over.orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS).exceptionally(late -> {
            session.disconnect();
            return null;
        });
    }

    @Override
    public SocketAddress client() {
        return session.getRemoteSocketAddress();
    }

    @Override
    public void giveUp() {
        Waiting.beside(() -> {
            attempt(stream::finish);
            Failure ending = Failure.of(RequestException.ending());
            end(Statuses.closing(ending.problem()), ending.message());
        });
    }

    @Override
    public void onWebSocketClose(int status, String reason, Callback callback) {
        over.complete(null);
        waiting.remove(this);
        stream.close();
        callback.succeed();
    }

    @Override
    public void onWebSocketError(Throwable cause) {
        stream.close();
    }

    /** Ends the stream of a socket that was never opened. */
    @Override
    public void close() {
        stream.close();
    }
}
