package org.earshot.server.grpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.earshot.server.service.Deadline;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.Token;

/**
 * Asks every call for the token, if there is one, refuses messages that cannot be read, and notes a call when it has
 * ended. Stands in front of what reads messages.
 */
final class Watch implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Context.Key<Noted<?, ?>> CALL = Context.key("org.earshot.server.call");

    private final Token token;
    private final AccessLog log;
    private final Metrics metrics;
    private final Duration patience;

    /**
     * Watches calls.
     *
     * @param patience for a call's message: what comes byte by byte keeps memory too
     */
    Watch(Optional<String> token, Duration patience, AccessLog log, Metrics metrics) {
        this.patience = patience;
        this.token = new Token(token);
        this.log = log;
        this.metrics = metrics;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    public <I, O> ServerCall.Listener<I> interceptCall(
            ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
        Noted<I, O> noted = new Noted<>(call);
        try {
            requireToken(call, headers);
        } catch (RequestException e) {
            noted.close(Codes.of(e).getStatus(), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        Context context = Context.current().withValue(CALL, noted);
        CompletableFuture<Void> received = new CompletableFuture<>();
        received.orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS).exceptionally(late -> {
            noted.close(Codes.of(Deadline.in(patience).late()).getStatus(), new Metadata());
            return null;
        });
        return new SimpleForwardingServerCallListener<>(Contexts.interceptCall(context, noted, headers, next)) {
            private boolean refused;

            @Override
            public void onMessage(I message) {
                received.complete(null);
                try {
                    super.onMessage(message);
                } catch (RuntimeException e) {
                    refused = true;
                    noted.close(unreadable(e), new Metadata());
                }
            }

            @Override
            public void onHalfClose() {
                received.complete(null);
                if (!refused) {
                    super.onHalfClose();
                }
            }

            @Override
            public void onCancel() {
                received.complete(null);
                noted.note(Status.CANCELLED);
                super.onCancel();
            }
        };
    }

    /** What a call ends with whose message cannot be read, or not any further. */
    private static Status unreadable(RuntimeException thrown) {
        Status status = Status.fromThrowable(thrown);
        return status.getCode() == Status.Code.RESOURCE_EXHAUSTED
                ? status
                : Codes.of(RequestException.invalid("message", "none that can be read", "one of the service's proto"))
                        .getStatus();
    }

    /** Notes which model the call is for that is being answered. */
    static void noteModel(String name) {
        CALL.get().model = name;
    }

    /** Refuses calls without the token; whoever looks after the process need not have it. */
    private void requireToken(ServerCall<?, ?> call, Metadata headers) {
        String method = call.getMethodDescriptor().getBareMethodName();
        if ("ServerLive".equals(method) || "ServerReady".equals(method)) {
            return;
        }
        Iterable<String> given = headers.getAll(AUTHORIZATION);
        List<String> all = new ArrayList<>();
        if (given != null) {
            given.forEach(all::add);
        }
        token.require(all);
    }

    private final class Noted<I, O> extends SimpleForwardingServerCall<I, O> {
        private final long begun = System.nanoTime();
        private volatile String model;
        private boolean noted;
        private boolean closed;

        Noted(ServerCall<I, O> call) {
            super(call);
        }

        /**
         * The first close counts: a call may be late, or its message unreadable, on one thread and ended on another.
         */
        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
            }
            note(status);
            super.close(status, trailers);
        }

        private synchronized void note(Status status) {
            if (noted) {
                return;
            }
            noted = true;
            long nanos = System.nanoTime() - begun;
            String method = getMethodDescriptor().getBareMethodName();
            SocketAddress remote = getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            metrics.request("grpc", method, status.getCode().name(), nanos);
            log.write(new AccessLog.Entry(
                    "grpc",
                    remote instanceof InetSocketAddress address
                            ? address.getAddress().getHostAddress()
                            : String.valueOf(remote),
                    method,
                    null,
                    model,
                    status.getCode().name(),
                    -1,
                    -1,
                    nanos,
                    status.getDescription()));
        }
    }
}
