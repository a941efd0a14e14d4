package org.earshot.server.grpc;

import inference.GRPCInferenceServiceGrpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicLong;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.UploadMemory;

/**
 * Counts calls' messages while they come, as gRPC keeps what there is of one until all of it is there. What other
 * services than inference are asked is short, and of one call they take one message after another: each counts alone.
 */
final class BodyTracers extends ServerStreamTracer.Factory {
    private static final long OF_OTHERS = 1 << 16;
    private static final String INFERENCE = GRPCInferenceServiceGrpc.SERVICE_NAME + "/";

    private final UploadMemory memory;

    BodyTracers(UploadMemory memory) {
        this.memory = memory;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return method.startsWith(INFERENCE) ? new BodyTracer(Long.MAX_VALUE) : new MessageTracer();
    }

    private class BodyTracer extends ServerStreamTracer {
        private final long most;
        private final AtomicLong received = new AtomicLong();
        private final AtomicLong unpacked = new AtomicLong();

        private final UploadMemory.Share share = memory.share();

        BodyTracer(long most) {
            this.most = most;
        }

        /** Counts from nothing. */
        void restart() {
            share.shrink();
            received.set(0);
            unpacked.set(0);
        }

        @Override
        public void inboundWireSize(long bytes) {
            growTo(received.addAndGet(bytes));
        }

        @Override
        public void inboundUncompressedSize(long bytes) {
            growTo(unpacked.addAndGet(bytes));
        }

        /** What is thrown here ends the call as a message does that is too long. */
        private void growTo(long size) {
            if (size > most) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription("message: found more than " + most + " bytes; expected at most so many")
                        .asRuntimeException();
            }
            try {
                share.growTo(size);
            } catch (RequestException e) {
                throw Codes.of(e);
            }
        }

        @Override
        public void streamClosed(Status status) {
            share.close();
        }
    }

    private final class MessageTracer extends BodyTracer {
        MessageTracer() {
            super(OF_OTHERS);
        }

        @Override
        public void inboundMessage(int number) {
            restart();
        }
    }
}
