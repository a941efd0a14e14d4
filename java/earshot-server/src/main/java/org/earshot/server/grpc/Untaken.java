package org.earshot.server.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Ends calls of one answer that last too long: a client that does not take its answer keeps memory, and a place among
 * the calls that may be open. A call that has been answered gRPC alone can end, which it does where its context's time
 * is over. Calls that last as long as their client likes do not end so.
 */
final class Untaken extends ServerStreamTracer.Factory {
    private final Set<String> methods;
    private final Duration atMost;
    private final ScheduledExecutorService clock;

    /**
     * Ends no call yet.
     *
     * @param services that are there
     * @param atMost how long a call may last
     * @param clock ends them
     */
    Untaken(List<ServerServiceDefinition> services, Duration atMost, ScheduledExecutorService clock) {
        methods = services.stream()
                .flatMap(service -> service.getServiceDescriptor().getMethods().stream())
                .filter(method -> method.getType() == MethodDescriptor.MethodType.UNARY)
                .map(MethodDescriptor::getFullMethodName)
                .collect(Collectors.toSet());
        this.atMost = atMost;
        this.clock = clock;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return methods.contains(method) ? new Timed() : new ServerStreamTracer() {};
    }

    private final class Timed extends ServerStreamTracer {
        /** Null until the call has one. */
        private volatile Context.CancellableContext time;

        @Override
        public Context filterContext(Context context) {
            time = context.withDeadlineAfter(atMost.toNanos(), TimeUnit.NANOSECONDS, clock);
            return time;
        }

        @Override
        public void streamClosed(Status status) {
            Context.CancellableContext begun = time;
            if (begun != null) {
                begun.cancel(null); // Else the clock would have it until its time is over.
            }
        }
    }
}
