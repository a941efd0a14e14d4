package org.earshot.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.earshot.server.service.UploadMemory;
import org.junit.jupiter.api.Test;

/** Messages are counted before they are complete. */
class BodyTracersTest {
    private static final int MOST = 1000;

    private final UploadMemory memory = new UploadMemory(MOST);
    private final BodyTracers tracers = new BodyTracers(memory);

    private ServerStreamTracer call() {
        return tracers.newServerStreamTracer("method", new Metadata());
    }

    @Test
    void manyHalfMessagesAreRefusedBeforeTheyFillTheMemory() {
        ServerStreamTracer first = call();
        first.inboundWireSize(MOST / 2);
        first.inboundWireSize(MOST / 4);
        ServerStreamTracer second = call();
        StatusRuntimeException e =
                assertThrows(StatusRuntimeException.class, () -> second.inboundWireSize(MOST / 4 + 1));
        assertEquals(Status.Code.RESOURCE_EXHAUSTED, e.getStatus().getCode());
        second.streamClosed(e.getStatus());
        assertEquals(MOST / 4 * 3, memory.used());
        first.streamClosed(Status.CANCELLED);
        assertEquals(0, memory.used(), "who is gone keeps nothing");
    }

    @Test
    void whatIsUnpackedCountsAsThat() {
        ServerStreamTracer call = call();
        call.inboundWireSize(10);
        call.inboundUncompressedSize(MOST);
        assertEquals(MOST, memory.used());
        assertThrows(StatusRuntimeException.class, () -> call.inboundUncompressedSize(1));
    }

    /** A stream ends without a word where it is refused by what it had in all. */
    @Test
    void ofAStreamEachMessageCountsAlone() {
        ServerStreamTracer call = call();
        int size = MOST / 4 * 3;
        for (int i = 0; i < 10; i++) {
            call.inboundMessage(i);
            call.inboundWireSize(size);
            call.inboundUncompressedSize(size);
            assertEquals(size, memory.used());
        }
        assertThrows(StatusRuntimeException.class, () -> call.inboundWireSize(size));
        call.streamClosed(Status.OK);
        assertEquals(0, memory.used());
    }
}
