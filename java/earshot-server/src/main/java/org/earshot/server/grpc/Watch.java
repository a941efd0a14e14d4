package org.earshot.server.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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

    private static final Metadata.Key<String> TIMEOUT =
            Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER);

    private final AccessLog log;
    private final Metrics metrics;
    /** Names of all methods that are there, without their services' by those with. */
    private final Map<String, String> methods;

    /**
     * Notes calls.
     *
     * @param services that are there
     */
    Watch(AccessLog log, Metrics metrics, List<ServerServiceDefinition> services) {
        this.log = log;
        this.metrics = metrics;
        methods = services.stream()
                .flatMap(service -> service.getServiceDescriptor().getMethods().stream())
                .collect(Collectors.toMap(MethodDescriptor::getFullMethodName, MethodDescriptor::getBareMethodName));
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return new Noted(methods.getOrDefault(method, method), methods.getOrDefault(method, OTHER), end(headers));
    }

    /**
     * When a call's time is over; empty if it has none. gRPC tells of it where a call begins, which is later: one whose
     * time is over by then never does.
     */
    private static Optional<Deadline> end(Metadata headers) {
        String text = headers.get(TIMEOUT);
        if (text == null || !text.matches("\\d{1,8}[HMSmun]")) {
            return Optional.empty(); // gRPC refuses it.
        }
        int last = text.length() - 1;
        TimeUnit unit =
                switch (text.charAt(last)) {
                    case 'H' -> TimeUnit.HOURS;
                    case 'M' -> TimeUnit.MINUTES;
                    case 'S' -> TimeUnit.SECONDS;
                    case 'm' -> TimeUnit.MILLISECONDS;
                    case 'u' -> TimeUnit.MICROSECONDS;
                    default -> TimeUnit.NANOSECONDS;
                };
        return Optional.of(Deadline.after(Long.parseLong(text.substring(0, last)), unit));
    }

    /** Notes whose call it is, which a tracer is not told. */
    static final class Introduction implements ServerInterceptor {
        @Override
        public <I, O> ServerCall.Listener<I> interceptCall(
                ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
            SocketAddress remote = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
            CALL.get().remote = remote instanceof InetSocketAddress address
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
        private final String method;
        private final String endpoint;
        private final Optional<Deadline> end;
        private volatile String remote;
        private volatile String model;

        Noted(String method, String endpoint, Optional<Deadline> end) {
            this.method = method;
            this.endpoint = endpoint;
            this.end = end;
        }

        @Override
        public Context filterContext(Context context) {
            return context.withValue(CALL, this);
        }

        @Override
        public void streamClosed(Status status) {
            boolean late = status.getCode() == Status.Code.CANCELLED
                    && end.filter(each -> each.timeRemaining(TimeUnit.NANOSECONDS) < TOGETHER_NANOS)
                            .isPresent();
            String code = (late ? Status.Code.DEADLINE_EXCEEDED : status.getCode()).name();
            long nanos = System.nanoTime() - begun;
            metrics.request("grpc", endpoint, code, nanos);
            log.write(new AccessLog.Entry(
                    "grpc", remote, method, null, model, code, -1, -1, nanos, status.getDescription()));
        }
    }
}
