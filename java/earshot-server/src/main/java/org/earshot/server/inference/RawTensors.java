package org.earshot.server.inference;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.earshot.files.Quoted;
import org.earshot.server.service.RequestException;

/**
 * Tensors as bytes, as gRPC's raw contents and HTTP's extension for binary data have them: numbers little endian, BYTES
 * each with its length in four bytes before it.
 */
public final class RawTensors {
    private RawTensors() {}

    /**
     * Reads a tensor's elements.
     *
     * @param name the tensor's
     * @param datatype likewise
     * @param raw from its position to its limit
     * @return the elements
     * @throws RequestException if the bytes are none of that type
     */
    public static Tensor.Data read(String name, String datatype, ByteBuffer raw) {
        ByteBuffer bytes = raw.slice().order(ByteOrder.LITTLE_ENDIAN);
        return switch (datatype) {
            case Tensor.FP32 -> {
                if (bytes.remaining() % Float.BYTES != 0) {
                    throw RequestException.invalid(
                            name, bytes.remaining() + " bytes of FP32", "a multiple of " + Float.BYTES);
                }
                float[] values = new float[bytes.remaining() / Float.BYTES];
                bytes.asFloatBuffer().get(values);
                yield new Tensor.Floats(values, values.length);
            }
            case Tensor.BYTES -> new Tensor.Bytes(elements(name, bytes));
            default -> throw wrongType(name, datatype);
        };
    }

    private static List<byte[]> elements(String name, ByteBuffer bytes) {
        List<byte[]> elements = new ArrayList<>();
        while (bytes.hasRemaining()) {
            long length = bytes.remaining() < Integer.BYTES ? Long.MAX_VALUE : Integer.toUnsignedLong(bytes.getInt());
            if (length > bytes.remaining()) {
                throw RequestException.invalid(
                        name,
                        "an element that breaks off",
                        "elements of BYTES, each with its length in four bytes, little endian, before it");
            }
            byte[] element = new byte[(int) length];
            bytes.get(element);
            elements.add(element);
        }
        return elements;
    }

    /**
     * What a datatype is refused with.
     *
     * @param name the tensor's
     * @param datatype as it came
     * @return the exception
     */
    public static RequestException wrongType(String name, String datatype) {
        return RequestException.invalid(
                name + ": datatype", Quoted.of(datatype), "BYTES of AUDIO, FP32 of PCM, and no other");
    }

    /**
     * Writes a tensor's elements.
     *
     * @param data the elements
     * @return their bytes
     */
    public static byte[] write(Tensor.Data data) {
        if (data instanceof Tensor.Floats floats) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(floats.size(), Float.BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(floats.array(), 0, floats.size());
            return bytes.array();
        }
        List<byte[]> elements = ((Tensor.Bytes) data).elements();
        int size = elements.stream()
                .mapToInt(element -> Integer.BYTES + element.length)
                .sum();
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (byte[] element : elements) {
            bytes.putInt(element.length).put(element);
        }
        return bytes.array();
    }
}
