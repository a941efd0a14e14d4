package org.earshot.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.earshot.error.WeightsException;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;
import org.earshot.files.Quoted;
import org.earshot.weights.SafetensorsHeader.Entry;

/**
 * The safetensors format (github.com/huggingface/safetensors): 8 bytes length of the header, little-endian; the header,
 * a JSON object from tensor name to type, shape and place; then the data without holes, overlaps or trailing bytes.
 */
public final class Safetensors {
    /** Room for a hundred thousand tensors; the reference implementation's bound, 100 MB, is far beyond any file. */
    private static final long LARGEST_HEADER = 1 << 24;

    private Safetensors() {}

    /**
     * Opens a file and checks all of it but the values, which are read when asked for.
     *
     * @param path the file, of any size
     * @return its tensors
     * @throws WeightsException if it is not a well-formed safetensors file
     */
    public static Weights read(Path path) {
        try (WeightReader reader = WeightFile.of(path).reader()) {
            return read(reader);
        }
    }

    /**
     * Writes or replaces a file, whole or not at all. Float tensors are written as float32, whole numbers as int64.
     *
     * @param path the file; its folder must exist
     * @param tensors what it shall hold
     * @throws WeightsException if it cannot be written, or a name is empty, overlong, reserved or no Unicode
     */
    public static void write(Path path, Map<String, WeightTensor> tensors) {
        write(path, tensors, Map.of());
    }

    /**
     * Writes or replaces a file that also says something of itself.
     *
     * @param path as there
     * @param tensors as there
     * @param metadata what it says, under {@code __metadata__}; nothing is written if there is none
     * @throws WeightsException as there
     */
    public static void write(Path path, Map<String, WeightTensor> tensors, Map<String, String> metadata) {
        for (String name : tensors.keySet()) {
            TensorLimits.check(path, name);
            if (name.equals(SafetensorsHeader.METADATA)) {
                throw new WeightsException(path, "a tensor called " + name, "another name, that one is reserved");
            }
            requireText(path, name);
        }
        metadata.forEach((key, value) -> {
            requireText(path, key);
            requireText(path, value);
        });
        try {
            AtomicFile.write(path, out -> SafetensorsWriter.write(out, tensors, metadata));
        } catch (IOException e) {
            throw new WeightsException(
                    path, "a file that cannot be written (" + IoReason.of(e) + ")", "a writable folder", e);
        }
    }

    /** Half a character, which Java's strings can hold and files in UTF-8 cannot. */
    private static void requireText(Path path, String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new WeightsException(
                    path, "the name or text " + Quoted.of(text) + " with half a character", "Unicode");
        }
    }

    /**
     * Reads what a file says of itself, under {@code __metadata__}.
     *
     * @param path the file
     * @return keys and values in its order; empty where it says nothing
     * @throws WeightsException if its header is not well-formed
     */
    public static Map<String, String> metadata(Path path) {
        try (WeightReader reader = WeightFile.of(path).reader()) {
            return Collections.unmodifiableMap(header(reader).metadata());
        }
    }

    static Weights read(WeightReader reader) {
        WeightFile file = reader.file();
        Path path = file.path();
        Map<String, Entry> header = header(reader).entries();
        long dataStart = Long.BYTES + reader.getLong(0);
        checkLayout(path, header, file.size() - dataStart);
        Map<String, WeightTensor> tensors = new LinkedHashMap<>();
        header.forEach((name, entry) -> tensors.put(
                name,
                new StoredTensor(
                        file,
                        dataStart + entry.begin(),
                        entry.type(),
                        entry.shape(),
                        StoredTensor.contiguous(entry.shape()))));
        return new LoadedWeights(path, tensors, List.of());
    }

    private static SafetensorsHeader.Content header(WeightReader reader) {
        WeightFile file = reader.file();
        Path path = file.path();
        if (file.size() < Long.BYTES) {
            throw new WeightsException(path, file.size() + " bytes", "a safetensors file, at least 8 bytes");
        }
        long length = reader.getLong(0);
        // As unsigned numbers, so that the highest bit does not pass as a small length.
        if (Long.compareUnsigned(length, LARGEST_HEADER) > 0) {
            FileKind kind = FileKind.of(reader);
            if (kind != FileKind.SAFETENSORS) {
                throw new WeightsException(path, kind.description(reader), "a safetensors file");
            }
            throw new WeightsException(
                    path + ": header length", Long.toUnsignedString(length), "at most " + LARGEST_HEADER + " bytes");
        }
        long dataStart = Long.BYTES + length;
        if (dataStart > file.size()) {
            throw new WeightsException(
                    path + ": header length",
                    length + " bytes in a file of " + file.size(),
                    "a header within the file (is the file complete?)");
        }
        return SafetensorsHeader.parse(path, reader.stream(Long.BYTES, length));
    }

    private static void checkLayout(Path path, Map<String, Entry> header, long dataSize) {
        List<Map.Entry<String, Entry>> ordered = new ArrayList<>(header.entrySet());
        ordered.sort(Comparator.comparingLong(
                        (Map.Entry<String, Entry> entry) -> entry.getValue().begin())
                .thenComparingLong(entry -> entry.getValue().end()));
        long end = 0;
        for (Map.Entry<String, Entry> tensor : ordered) {
            Entry entry = tensor.getValue();
            if (entry.begin() != end) {
                throw new WeightsException(
                        path + ": tensor " + Quoted.of(tensor.getKey()) + ": data_offsets",
                        "begin " + entry.begin() + (entry.begin() < end ? " (an overlap)" : " (a hole)"),
                        "begin " + end + ", the end of the tensor before it");
            }
            end = entry.end();
        }
        if (end != dataSize) {
            throw new WeightsException(
                    path,
                    dataSize + " bytes of data",
                    end + " bytes, as the header says" + (end > dataSize ? " (is the file complete?)" : ""));
        }
    }
}
