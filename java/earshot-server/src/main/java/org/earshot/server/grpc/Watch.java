package org.earshot.server.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;

/**
 * Notes every call when it has ended, by the status that was sent: also those that gRPC ends by itself, as their
 * message is too large, their method is not there, or their time is over.
 */
final class Watch extends ServerStreamTracer.Factory {
    private static final Context.Key<Noted> CALL = Context.key("org.earshot.server.call");

    /** What metrics call methods that are not there: they have room for few. */
    private static final String OTHER = "other";

    /** A client's own clock ends its call at the same time as the server's, and may come first. */
    private static final long TOGETHER_NANOS = 20_000_000;

    private final AccessLog log;
    private final Metrics metrics;

    Watch(AccessLog log, Metrics metrics) {
        this.log = log;
        this.metrics = metrics;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return new Noted(method);
    }

    /** Notes whose call it is, which a tracer is not told. */
    static final class Introduction implements ServerInterceptor {
        @Override
        public <I, O> ServerCall.Listener<I> interceptCall(
                ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
            Noted noted = CALL.get();
            noted.method = call.getMethodDescriptor().getBareMethodName();
            noted.endpoint = noted.method;
            noted.deadline = Context.current().getDeadline();
            SocketAddress remote = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            noted.remote = remote instanceof InetSocketAddress address
                    ? address.getAddress().getHostAddress()
                    : String.valueOf(remote);
            return next.startCall(call, headers);
        }
    }

    /** Notes which model the call is for that is being answered. */
    static void noteModel(String name) {
        CALL.get().model = name;
    }

    private final class Noted extends ServerStreamTracer {
        private final long begun = System.nanoTime();
        private volatile String method;
        private volatile String endpoint = OTHER;
        private volatile String remote;
        private volatile String model;
        private volatile Deadline deadline;

        Noted(String method) {
            this.method = method;
        }

        @Override
        public Context filterContext(Context context) {
            return context.withValue(CALL, this);
        }

        @Override
        public void streamClosed(Status status) {
            Deadline end = deadline;
            boolean late = status.getCode() == Status.Code.CANCELLED
                    && end != null
                    && end.timeRemaining(TimeUnit.NANOSECONDS) < TOGETHER_NANOS;
            String code = (late ? Status.Code.DEADLINE_EXCEEDED : status.getCode()).name();
            long nanos = System.nanoTime() - begun;
            metrics.request("grpc", endpoint, code, nanos);
            log.write(new AccessLog.Entry(
                    "grpc", remote, method, null, model, code, -1, -1, nanos, status.getDescription()));
        }
    }
}
