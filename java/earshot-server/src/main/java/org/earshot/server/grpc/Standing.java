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
 * Bounds calls that last as long as their client likes (who watches health, or has services described), and ends them
 * with the server, which would else wait for them as for work.
 */
final class Standing implements ServerInterceptor {
    private final int most;

    // Guarded by this.
    private final Set<ServerCall<?, ?>> open = new HashSet<>();
    private boolean ended;

    /**
     * Has none yet.
     *
     * @param most at once
     */
    Standing(int most) {
        this.most = most;
    }

    @Override
    public <I, O> ServerCall.Listener<I> interceptCall(
            ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
        if (call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY) {
            return next.startCall(call, headers);
        }
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

    private synchronized void add(ServerCall<?, ?> call) {
        if (ended) {
            throw RequestException.ending();
        }
        if (open.size() == most) {
            throw new RequestException(Problem.BUSY, "standing calls: found " + most + "; expected fewer, in a while");
        }
        open.add(call);
    }

    private synchronized void remove(ServerCall<?, ?> call) {
        open.remove(call);
    }

    /** Ends all of them, and lets none begin any more. */
    void end() {
        Set<ServerCall<?, ?>> last;
        synchronized (this) {
            ended = true;
            last = Set.copyOf(open);
        }
        last.forEach(call -> close(call, RequestException.ending()));
    }

    private static void close(ServerCall<?, ?> call, RequestException why) {
        StatusRuntimeException status = Codes.of(why);
        call.close(status.getStatus(), status.getTrailers());
    }
}
