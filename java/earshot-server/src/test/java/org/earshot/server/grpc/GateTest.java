package org.earshot.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import inference.GRPCInferenceServiceGrpc;
import inference.OpenInferenceGrpc.ServerLiveRequest;
import inference.OpenInferenceGrpc.ServerLiveResponse;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GateTest {
    /** A call that nobody answers. */
    private static final class Unanswered extends ServerCall<ServerLiveRequest, ServerLiveResponse> {
        private Status status;
        private Metadata trailers;

        @Override
        public void request(int messages) {}

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(ServerLiveResponse message) {}

        @Override
        public void close(Status end, Metadata behind) {
            assertNull(status, "a call ends once");
            status = end;
            trailers = behind;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<ServerLiveRequest, ServerLiveResponse> getMethodDescriptor() {
            return GRPCInferenceServiceGrpc.getServerLiveMethod();
        }
    }

    @Test
    void aMessageThatTheHeapDoesNotHoldIsToComeAgain() {
        Unanswered call = new Unanswered();
        ServerCall.Listener<ServerLiveRequest> listener = new Gate(Optional.empty(), Duration.ofMinutes(1))
                .interceptCall(call, new Metadata(), (inner, headers) -> new ServerCall.Listener<>() {
                    @Override
                    public void onMessage(ServerLiveRequest message) {
                        throw new OutOfMemoryError("of a test");
                    }
                });
        listener.onMessage(ServerLiveRequest.getDefaultInstance());
        listener.onHalfClose();
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, call.status.getCode());
        assertEquals("1", call.trailers.get(Codes.RETRY_AFTER));
    }
}
