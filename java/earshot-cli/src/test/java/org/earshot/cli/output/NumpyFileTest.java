package org.earshot.cli.output;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumpyFileTest {
    /** The bytes that {@code numpy.save} (2.4) writes for {@code float32([[1, 2, 3], [4, 5, -6.5]])}. */
    @Test
    void writesWhatNumpyWrites() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        NumpyFile.write(out, new float[] {1, 2, 3, 4, 5, -6.5f}, 2, 3);
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + " ".repeat(58) + "\n";
        ByteBuffer expected = ByteBuffer.allocate(128 + 24).order(ByteOrder.LITTLE_ENDIAN);
        expected.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0});
        expected.put(header.getBytes(StandardCharsets.US_ASCII));
        expected.putInt(0x3f800000).putInt(0x40000000).putInt(0x40400000);
        expected.putInt(0x40800000).putInt(0x40a00000).putInt(0xc0d00000);
        assertArrayEquals(expected.array(), out.toByteArray());
    }

    /** numpy.lib.format: the header's length makes the data start at a multiple of 64; it ends with a line feed. */
    @ParameterizedTest
    @CsvSource({"1, 1", "500, 64", "99999, 1", "123456, 10"})
    void dataAreAligned(int rows, int columns) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        NumpyFile.write(out, new float[rows * columns], rows, columns);
        ByteBuffer bytes = ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        int start = 10 + bytes.getShort(8);
        assertEquals(0, start % 64);
        assertEquals('\n', bytes.get(start - 1));
        assertEquals(start + 4 * rows * columns, bytes.limit());
        String header = new String(Arrays.copyOfRange(bytes.array(), 10, start), StandardCharsets.US_ASCII);
        assertTrue(header.contains("'shape': (" + rows + ", " + columns + ")"), header);
    }
}
