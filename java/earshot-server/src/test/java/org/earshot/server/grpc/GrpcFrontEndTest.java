package org.earshot.server.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class GrpcFrontEndTest {
    private static final long MEBIBYTE = 1 << 20;

    /** 128 calls of 4 KiB each are half a mebibyte of the half that they have. */
    @Test
    void aSmallHeapHasAConnectionForEachMebibyte() {
        for (int size : new int[] {64, 128, 256, 4095, 4096}) {
            assertEquals(size, GrpcFrontEnd.connections(size * MEBIBYTE));
        }
        assertEquals(4096, GrpcFrontEnd.connections(5000 * MEBIBYTE), "descriptors are fewer");
        assertEquals(4096, GrpcFrontEnd.connections(Long.MAX_VALUE), "as Java has no bound");
    }
}
