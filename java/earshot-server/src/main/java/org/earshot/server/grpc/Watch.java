package org.earshot.server.grpc;

import inference.OpenInferenceGrpc.ModelInferRequest;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;

/** Asks every call for the token, if there is one, and notes it when it has ended. */
final class Watch implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String BEARER = "Bearer ";

    private final byte[] expected;
    private final AccessLog log;
    private final Metrics metrics;

    Watch(Optional<String> token, AccessLog log, Metrics metrics) {
        expected = token.map(text -> (BEARER + text).getBytes(StandardCharsets.UTF_8))
                .orElse(null);
        this.log = log;
        this.metrics = metrics;
    }

    @Override
    public <I, O> ServerCall.Listener<I> interceptCall(
            ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
        Noted<I, O> noted = new Noted<>(call);
        if (!isAllowed(call, headers)) {
            StatusRuntimeException refused = Codes.of(new RequestException(
                    Problem.UNAUTHENTICATED,
                    "authorization: found no token, or another; expected the server's (authorization: Bearer TOKEN)"));
            noted.close(refused.getStatus(), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return new SimpleForwardingServerCallListener<>(next.startCall(noted, headers)) {
            @Override
            public void onMessage(I message) {
                if (message instanceof ModelInferRequest request) {
                    noted.model = request.getModelName();
                }
                super.onMessage(message);
            }

            @Override
            public void onCancel() {
                noted.note(Status.CANCELLED);
                super.onCancel();
            }
        };
    }

    /** Whether it has the token; whoever looks after the process need not have it. */
    private boolean isAllowed(ServerCall<?, ?> call, Metadata headers) {
        String method = call.getMethodDescriptor().getBareMethodName();
        if (expected == null || "ServerLive".equals(method) || "ServerReady".equals(method)) {
            return true;
        }
        String given = headers.get(AUTHORIZATION);
        return given != null && MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8));
    }

    private final class Noted<I, O> extends SimpleForwardingServerCall<I, O> {
        private final long begun = System.nanoTime();
        private String model;
        private boolean noted;

        Noted(ServerCall<I, O> call) {
            super(call);
        }

        @Override
        public void close(Status status, Metadata trailers) {
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
