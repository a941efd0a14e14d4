package org.earshot.cli.output;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * NumPy's {@code .npy} format, version 1.0 (numpy.lib.format): magic, version, length of the header, the header (a
 * Python dictionary, padded so that the data start at a multiple of 64), the values row by row.
 */
public final class NumpyFile {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    private static final int ALIGNMENT = 64;

    private NumpyFile() {}

    /** Writes a matrix of float32. */
    public static void write(OutputStream out, float[] values, int rows, int columns) throws IOException {
        String dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + columns + "), }";
        int fixed = MAGIC.length + Short.BYTES;
        int padding = Math.floorMod(-(fixed + dictionary.length() + 1), ALIGNMENT);
        byte[] header = (dictionary + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(fixed + header.length + Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).putShort((short) header.length).put(header);
        bytes.asFloatBuffer().put(values);
        out.write(bytes.array());
    }
}
