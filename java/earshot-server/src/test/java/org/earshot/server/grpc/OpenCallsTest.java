package org.earshot.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import org.junit.jupiter.api.Test;

class OpenCallsTest {
    /** A call whose client takes no answer. */
    private static final class Untaken extends ServerCall<HealthCheckRequest, HealthCheckResponse> {
        private final MethodDescriptor<HealthCheckRequest, HealthCheckResponse> method;
        private Status status;

        Untaken(MethodDescriptor<HealthCheckRequest, HealthCheckResponse> method) {
            this.method = method;
        }

        @Override
        public void request(int messages) {}

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(HealthCheckResponse message) {}

        @Override
        public void close(Status end, Metadata behind) {
            assertNull(status, "a call ends once");
            status = end;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<HealthCheckRequest, HealthCheckResponse> getMethodDescriptor() {
            return method;
        }
    }

    private static ServerCall.Listener<?> begin(OpenCalls calls, Untaken call) {
        return calls.interceptCall(call, new Metadata(), (inner, headers) -> new ServerCall.Listener<>() {});
    }

    @Test
    void answersThatNobodyTakesAreOnlySoMany() {
        OpenCalls calls = new OpenCalls(2);
        Untaken check = new Untaken(HealthGrpc.getCheckMethod());
        Untaken watch = new Untaken(HealthGrpc.getWatchMethod());
        ServerCall.Listener<?> first = begin(calls, check);
        begin(calls, watch);
        begin(calls, new Untaken(HealthGrpc.getCheckMethod()));
        Untaken third = new Untaken(HealthGrpc.getCheckMethod());
        begin(calls, third);
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, third.status.getCode());
        first.onComplete();
        Untaken fourth = new Untaken(HealthGrpc.getCheckMethod());
        ServerCall.Listener<?> other = begin(calls, fourth);
        assertNull(fourth.status);
        other.onCancel();
        calls.end();
        assertEquals(Status.Code.UNAVAILABLE, watch.status.getCode(), "it would last for ever");
        assertNull(check.status);
        Untaken late = new Untaken(HealthGrpc.getWatchMethod());
        begin(calls, late);
        assertEquals(Status.Code.UNAVAILABLE, late.status.getCode());
        Untaken last = new Untaken(HealthGrpc.getCheckMethod());
        begin(calls, last);
        assertNull(last.status, "is told the truth");
    }

    /** Watching health needs no token: whoever has all that may watch is not to have a probe's answer kept from it. */
    @Test
    void thoseThatLastLeaveTheOthersTheirPlace() {
        OpenCalls calls = new OpenCalls(1);
        begin(calls, new Untaken(HealthGrpc.getWatchMethod()));
        Untaken further = new Untaken(HealthGrpc.getWatchMethod());
        begin(calls, further);
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, further.status.getCode());
        Untaken check = new Untaken(HealthGrpc.getCheckMethod());
        begin(calls, check);
        assertNull(check.status);
    }
}
