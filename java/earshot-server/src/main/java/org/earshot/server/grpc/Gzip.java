package org.earshot.server.grpc;

import io.grpc.Decompressor;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/**
 * Unpacks messages. Unlike gRPC's own, what is not packed so fails where it is read, which is the call's fault alone.
 */
final class Gzip implements Decompressor {
    @Override
    public String getMessageEncoding() {
        return "gzip";
    }

    @Override
    public InputStream decompress(InputStream packed) {
        return new Unpacked(packed);
    }

    private static final class Unpacked extends InputStream {
        private final InputStream packed;
        /** Null before anything is read. */
        private InputStream content;

        Unpacked(InputStream packed) {
            this.packed = packed;
        }

        private InputStream content() throws IOException {
            if (content == null) {
                content = new GZIPInputStream(packed);
            }
            return content;
        }

        @Override
        public int read() throws IOException {
            return content().read();
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return content().read(target, offset, length);
        }

        @Override
        public void close() throws IOException {
            packed.close();
        }
    }
}
