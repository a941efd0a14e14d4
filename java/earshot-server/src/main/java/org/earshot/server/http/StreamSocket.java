package org.earshot.server.http;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
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
    private volatile Session session;

    /** Opens the stream, which is handed who takes its lines. */
    StreamSocket(Function<Consumer<String>, LiveStream> opening, Waiting waiting) {
        this.waiting = waiting;
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
                session.close(StatusCode.NORMAL, END, Callback.NOOP);
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
            session.close(status, "error", Callback.NOOP);
        }
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
