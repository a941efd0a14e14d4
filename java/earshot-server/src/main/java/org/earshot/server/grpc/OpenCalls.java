package org.earshot.server.grpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.HashSet;
import java.util.Set;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;

/**
 * Bounds a service's calls at once: each takes memory until its client has taken the answer. Those that last as long as
 * their client likes are bounded apart, as whoever has all of them would keep health from being told for good. With the
 * server it ends those that last as long as their client likes (who watches health, or has services described), for
 * which it would else wait as for work.
 */
final class OpenCalls implements ServerInterceptor {
    private final int most;

    // Guarded by this.
    private final Set<ServerCall<?, ?>> answered = new HashSet<>();
    private final Set<ServerCall<?, ?>> lasting = new HashSet<>();
    private boolean ended;

    /**
     * Has none yet.
     *
     * @param most at once, of each of the two kinds
     */
    OpenCalls(int most) {
        this.most = most;
    }

    @Override
    public <I, O> ServerCall.Listener<I> interceptCall(
            ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
        try {
            add(call);
        } catch (RequestException e) {
            close(call, e);
            return new ServerCall.Listener<>() {};
        }
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            @Override
            public void onComplete() {
                remove(call);
                super.onComplete();
            }

            @Override
            public void onCancel() {
                remove(call);
                super.onCancel();
            }
        };
    }

    private static boolean lasts(ServerCall<?, ?> call) {
        return call.getMethodDescriptor().getType() != MethodDescriptor.MethodType.UNARY;
    }

    private Set<ServerCall<?, ?>> kind(ServerCall<?, ?> call) {
        return lasts(call) ? lasting : answered;
    }

    private synchronized void add(ServerCall<?, ?> call) {
        if (ended && lasts(call)) {
            throw RequestException.ending();
        }
        Set<ServerCall<?, ?>> open = kind(call);
        if (open.size() == most) {
            throw new RequestException(Problem.BUSY, "calls: found " + most + " at once; expected fewer, in a while");
        }
        open.add(call);
    }

    private synchronized void remove(ServerCall<?, ?> call) {
        kind(call).remove(call);
    }

    /** Ends those that last, and lets none of them begin any more. */
    void end() {
        Set<ServerCall<?, ?>> last;
        synchronized (this) {
            ended = true;
            last = Set.copyOf(lasting);
        }
        last.forEach(call -> close(call, RequestException.ending()));
    }

    private static void close(ServerCall<?, ?> call, RequestException why) {
        StatusRuntimeException status = Codes.of(why);
        call.close(status.getStatus(), status.getTrailers());
    }
}
