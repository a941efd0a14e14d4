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
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;

/** Notes every call when it has ended. */
final class Watch implements ServerInterceptor {
    private static final Context.Key<Noted<?, ?>> CALL = Context.key("org.earshot.server.call");

    private final AccessLog log;
    private final Metrics metrics;

    Watch(AccessLog log, Metrics metrics) {
        this.log = log;
        this.metrics = metrics;
    }

    @Override
    public <I, O> ServerCall.Listener<I> interceptCall(
            ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
        Noted<I, O> noted = new Noted<>(call);
        Context context = Context.current().withValue(CALL, noted);
        return new SimpleForwardingServerCallListener<>(Contexts.interceptCall(context, noted, headers, next)) {
            @Override
            public void onCancel() {
                noted.note(Status.CANCELLED);
                super.onCancel();
            }
        };
    }

    /** Notes which model the call is for that is being answered. */
    static void noteModel(String name) {
        CALL.get().model = name;
    }

    private final class Noted<I, O> extends SimpleForwardingServerCall<I, O> {
        private final long begun = System.nanoTime();
        private volatile String model;
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
