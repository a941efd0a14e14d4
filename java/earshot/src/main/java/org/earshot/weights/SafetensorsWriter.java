package org.earshot.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.earshot.files.UnpooledJson;
import org.earshot.layer.Shape;

/** Writes the safetensors format byte for byte as the reference implementation does. */
final class SafetensorsWriter {
    private static final JsonFactory JSON = UnpooledJson.factory().build();

    /** Elements turned into bytes at a time. */
    private static final int CHUNK = 8192;

    private SafetensorsWriter() {}

    static void write(OutputStream out, Map<String, WeightTensor> tensors, Map<String, String> metadata)
            throws IOException {
        List<Map.Entry<String, WeightTensor>> ordered = new ArrayList<>(tensors.entrySet());
        // As the reference does: the wider type first, so that every tensor is aligned; then by name.
        ordered.sort(Comparator.comparing((Map.Entry<String, WeightTensor> entry) ->
                        !entry.getValue().type().integral())
                .thenComparing(Map.Entry::getKey));
        byte[] header = header(ordered, metadata);
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.write(length.putLong(header.length).array());
        out.write(header);
        for (Map.Entry<String, WeightTensor> entry : ordered) {
            if (entry.getValue().type().integral()) {
                long[] values = entry.getValue().longs();
                write(out, values.length, (buffer, i) -> buffer.putLong(values[i]));
            } else {
                float[] values = entry.getValue().floats();
                write(out, values.length, (buffer, i) -> buffer.putFloat(values[i]));
            }
        }
    }

    private static byte[] header(List<Map.Entry<String, WeightTensor>> tensors, Map<String, String> metadata)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(SafetensorsHeader.METADATA);
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            long end = 0;
            for (Map.Entry<String, WeightTensor> entry : tensors) {
                WeightTensor tensor = entry.getValue();
                WeightType type = tensor.type().integral() ? WeightType.I64 : WeightType.F32;
                Shape shape = tensor.shape();
                long begin = end;
                end = Math.addExact(end, shape.elements() * type.bytes());
                json.writeObjectFieldStart(entry.getKey());
                json.writeStringField("dtype", type.name());
                json.writeArrayFieldStart("shape");
                for (int i = 0; i < shape.rank(); i++) {
                    json.writeNumber(shape.extent(i));
                }
                json.writeEndArray();
                json.writeArrayFieldStart("data_offsets");
                json.writeNumber(begin);
                json.writeNumber(end);
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        // Spaces, so that the data begins at a multiple of 8.
        while (bytes.size() % Long.BYTES != 0) {
            bytes.write(' ');
        }
        return bytes.toByteArray();
    }

    /** Puts one element at the buffer's end. */
    private interface Element {
        void put(ByteBuffer buffer, int index);
    }

    private static void write(OutputStream out, int count, Element element) throws IOException {
        byte[] bytes = new byte[CHUNK * Long.BYTES];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; ) {
            buffer.clear();
            for (int end = Math.min(count, i + CHUNK); i < end; i++) {
                element.put(buffer, i);
            }
            out.write(bytes, 0, buffer.position());
        }
    }
}
