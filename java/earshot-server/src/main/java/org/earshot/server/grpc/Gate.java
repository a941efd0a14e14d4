package org.earshot.server.grpc;

import inference.GRPCInferenceServiceGrpc;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.earshot.server.service.Deadline;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.Token;

/**
 * Refuses calls without the token, if there is one, and those whose message does not come, or cannot be read. Stands in
 * front of what reads messages.
 */
final class Gate implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final Set<String> OPEN = Set.of(
            GRPCInferenceServiceGrpc.getServerLiveMethod().getFullMethodName(),
            GRPCInferenceServiceGrpc.getServerReadyMethod().getFullMethodName());

    private final Token token;
    private final Duration patience;

    /**
     * Makes the gate.
     *
     * @param token that calls must carry; empty if none
     * @param patience for a call's message: what comes byte by byte keeps memory too
     */
    Gate(Optional<String> token, Duration patience) {
        this.token = new Token(token);
        this.patience = patience;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    public <I, O> ServerCall.Listener<I> interceptCall(
            ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
        try {
            requireToken(call, headers);
        } catch (RequestException e) {
            call.close(Codes.of(e).getStatus(), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        EndedOnce<I, O> once = new EndedOnce<>(call);
        boolean one = call.getMethodDescriptor().getType().clientSendsOneMessage();
        CompletableFuture<Void> received = new CompletableFuture<>();
        received.orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS).exceptionally(late -> {
            once.close(Codes.of(Deadline.in(patience).late()).getStatus(), new Metadata());
            return null;
        });
        return new SimpleForwardingServerCallListener<>(next.startCall(once, headers)) {
            private int messages;

            @Override
            public void onMessage(I message) {
                received.complete(null);
                if (++messages > 1 && one) {
                    once.close(notOne("several"), new Metadata());
                    return;
                }
                try {
                    super.onMessage(message);
                } catch (RuntimeException e) {
                    once.close(unreadable(e), new Metadata());
                } catch (OutOfMemoryError e) {
                    // Two bytes of a message may stand for an object of a hundred.
                    StatusRuntimeException busy = Codes.of(e);
                    once.close(busy.getStatus(), busy.getTrailers());
                }
            }

            @Override
            public void onHalfClose() {
                received.complete(null);
                if (messages == 0 && one) {
                    once.close(notOne("none"), new Metadata());
                }
                if (!once.isEnded()) {
                    super.onHalfClose();
                }
            }

            @Override
            public void onCancel() {
                received.complete(null);
                once.end();
                super.onCancel();
            }
        };
    }

    /** What a call ends with that has not one message: gRPC's own code for it would be that of a server's fault. */
    private static Status notOne(String found) {
        return Status.UNIMPLEMENTED.withDescription("message: found " + found + "; expected one");
    }

    /** What a call ends with whose message cannot be read, or not any further. */
    private static Status unreadable(RuntimeException thrown) {
        Status status = Status.fromThrowable(thrown);
        return status.getCode() == Status.Code.RESOURCE_EXHAUSTED
                ? status
                : Codes.of(RequestException.invalid("message", "none that can be read", "one of the service's proto"))
                        .getStatus();
    }

    /** Refuses calls without the token; whoever looks after the process need not have it. */
    private void requireToken(ServerCall<?, ?> call, Metadata headers) {
        MethodDescriptor<?, ?> method = call.getMethodDescriptor();
        if (HealthGrpc.SERVICE_NAME.equals(method.getServiceName()) || OPEN.contains(method.getFullMethodName())) {
            return;
        }
        Iterable<String> given = headers.getAll(AUTHORIZATION);
        List<String> all = new ArrayList<>();
        if (given != null) {
            given.forEach(all::add);
        }
        token.require(all);
    }

    /** A call whose first end counts: it may be late on one thread, and end on another. */
    private static final class EndedOnce<I, O> extends SimpleForwardingServerCall<I, O> {
        private boolean ended;

        EndedOnce(ServerCall<I, O> call) {
            super(call);
        }

        synchronized boolean isEnded() {
            return ended;
        }

        /** It has ended already: what a service says of that would come before gRPC's own word. */
        synchronized void end() {
            ended = true;
        }

        @Override
        public void close(Status status, Metadata trailers) {
            synchronized (this) {
                if (ended) {
                    return;
                }
                ended = true;
            }
            super.close(status, trailers);
        }
    }
}
