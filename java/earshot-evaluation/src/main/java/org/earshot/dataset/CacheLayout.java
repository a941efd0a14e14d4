package org.earshot.dataset;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.earshot.features.FeatureParameters;
import org.earshot.files.PositionedFile;
import org.earshot.model.ModelConfig;

/**
 * Where everything lies in a feature cache, a safetensors file: 8 bytes length of the header, little-endian; the
 * header, JSON; then the tensors without holes. With n clips, T frames and F bands:
 *
 * <ul>
 *   <li>{@code size}, int64 [n]: bytes of the audio file
 *   <li>{@code modified}, int64 [n]: its modification time, nanoseconds since 1970
 *   <li>{@code frames}, int64 [n]: frames of the clip, 0 if its features are not there yet
 *   <li>{@code damaged}, int64 [n]: 1 if the audio file is, in what was read of it, else 0
 *   <li>{@code features}, float32 [n, T, F]: log-mel, dB; zeros behind a shorter clip's frames
 *   <li>{@code digest}, uint8 [n, 32]: SHA-256 of the audio file
 * </ul>
 *
 * <p>The header's metadata hold {@code format}, {@code parameters} (the configuration's {@code features} as JSON) and
 * {@code clips} (a JSON list of the names). All of it follows from parameters and names: a file is one of these if its
 * header is, byte for byte, what would be written for the names in it.
 */
final class CacheLayout {
    static final int DIGEST_BYTES = 32;

    /**
     * To be raised with every change of this layout, and of decoding, resampling or log-mel that changes a value:
     * caches made before are then computed anew.
     */
    private static final String FORMAT = "earshot-features-2";

    private static final String FORMAT_FAMILY = "earshot-features-";

    private static final String METADATA = "__metadata__";
    private static final String FORMAT_KEY = "format";

    /** What stands behind the header's length in every one of these files. */
    private static final byte[] BEGINNING =
            ("{\"" + METADATA + "\":{\"" + FORMAT_KEY + "\":\"" + FORMAT_FAMILY).getBytes(StandardCharsets.US_ASCII);

    private static final String PARAMETERS_KEY = "parameters";
    private static final String CLIPS_KEY = "clips";

    /** The bound that safetensors itself has. */
    private static final long LARGEST_HEADER = 100_000_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final FeatureParameters parameters;
    private final List<String> names;
    private final int rowBytes;
    private final byte[] header;

    /** Lays out a file of given parameters and clips. */
    CacheLayout(FeatureParameters parameters, List<String> names) {
        this.parameters = parameters;
        this.names = List.copyOf(names);
        rowBytes = Math.multiplyExact(Math.multiplyExact(parameters.frames(), parameters.melBands()), Float.BYTES);
        header = header();
    }

    private byte[] header() {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode metadata = root.putObject(METADATA);
        metadata.put(FORMAT_KEY, FORMAT);
        metadata.put(PARAMETERS_KEY, ModelConfig.json(parameters));
        metadata.put(CLIPS_KEY, JSON.valueToTree(names).toString());
        int clips = names.size();
        long column = (long) clips * Long.BYTES;
        tensor(root, "size", "I64", 0, column, clips);
        tensor(root, "modified", "I64", column, 2 * column, clips);
        tensor(root, "frames", "I64", 2 * column, 3 * column, clips);
        tensor(root, "damaged", "I64", 3 * column, 4 * column, clips);
        long end = 4 * column + (long) clips * rowBytes;
        tensor(root, "features", "F32", 4 * column, end, clips, parameters.frames(), parameters.melBands());
        tensor(root, "digest", "U8", end, end + (long) clips * DIGEST_BYTES, clips, DIGEST_BYTES);
        byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
        // Spaces, so that the data begin at a multiple of 8.
        byte[] padded = Arrays.copyOf(json, (json.length + Long.BYTES - 1) / Long.BYTES * Long.BYTES);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void tensor(ObjectNode root, String name, String type, long begin, long end, int... shape) {
        ObjectNode tensor = root.putObject(name);
        tensor.put("dtype", type);
        Arrays.stream(shape).forEach(tensor.putArray("shape")::add);
        tensor.putArray("data_offsets").add(begin).add(end);
    }

    /**
     * Reads what a file claims to be.
     *
     * @param parameters those of the cache that is looked for
     * @return its layout; empty if it is a feature cache, but of other parameters or another version
     * @throws DatasetException if it is none, or is damaged
     */
    static Optional<CacheLayout> read(Path file, PositionedFile content, FeatureParameters parameters)
            throws IOException {
        JsonNode metadata = metadata(file, content);
        String format = metadata.path(FORMAT_KEY).asText();
        if (!format.startsWith(FORMAT_FAMILY)) {
            throw none(file, "a safetensors file of something else");
        }
        if (!format.equals(FORMAT) || !metadata.path(PARAMETERS_KEY).asText().equals(ModelConfig.json(parameters))) {
            return Optional.empty();
        }
        CacheLayout layout =
                new CacheLayout(parameters, names(file, metadata.path(CLIPS_KEY).asText()));
        if (!layout.isHeaderOf(content)) {
            throw none(file, "a feature cache whose header contradicts itself");
        }
        if (content.size() != layout.fileBytes()) {
            throw none(file, content.size() + " bytes where its header says " + layout.fileBytes());
        }
        return Optional.of(layout);
    }

    private static JsonNode metadata(Path file, PositionedFile content) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long available = content.size() - Long.BYTES;
        if (available < 0 || !content.readFully(length, 0)) {
            throw none(file, "a file too short");
        }
        long bytes = length.getLong(0);
        // Negative lengths are unsigned ones beyond any file.
        if (bytes < 0 || bytes > Math.min(available, LARGEST_HEADER)) {
            throw none(file, "a file of another kind");
        }
        ByteBuffer header = ByteBuffer.allocate((int) bytes);
        content.readFully(header, Long.BYTES);
        try {
            return JSON.readTree(header.array()).path(METADATA);
        } catch (JsonProcessingException e) {
            throw none(file, "a file of another kind", e);
        }
    }

    private static List<String> names(Path file, String json) {
        List<String> names = new ArrayList<>();
        try {
            JSON.readTree(json).forEach(name -> names.add(name.asText()));
        } catch (JsonProcessingException e) {
            throw none(file, "a feature cache without names", e);
        }
        if (names.isEmpty() || Set.copyOf(names).size() != names.size()) {
            throw none(file, names.isEmpty() ? "a feature cache of no clip" : "a feature cache with a clip twice");
        }
        return names;
    }

    private static DatasetException none(Path file, String found) {
        return none(file, found, null);
    }

    private static DatasetException none(Path file, String found, Throwable cause) {
        return new DatasetException(file, found, "a feature cache, or no file yet", cause);
    }

    /**
     * Whether a file may be what an interrupted run left: it is empty, or begins as all feature caches do.
     *
     * @param content of any file
     */
    static boolean mayBePart(PositionedFile content) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + BEGINNING.length);
        if (content.size() == 0) {
            return true;
        }
        return content.readFully(start, 0) && start.position(Long.BYTES).equals(ByteBuffer.wrap(BEGINNING));
    }

    /** Whether a file begins with length and header of this layout. */
    boolean isHeaderOf(PositionedFile content) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(dataStart());
        return content.readFully(start, 0) && start.flip().equals(start());
    }

    /** Length and header, as they stand at the file's start. */
    ByteBuffer start() {
        return ByteBuffer.allocate(dataStart())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .flip();
    }

    /** The clips' names. */
    List<String> names() {
        return names;
    }

    FeatureParameters parameters() {
        return parameters;
    }

    private int dataStart() {
        return Long.BYTES + header.length;
    }

    long sizeAt(int clip) {
        return dataStart() + (long) clip * Long.BYTES;
    }

    long modifiedAt(int clip) {
        return sizeAt(names.size() + clip);
    }

    long framesAt(int clip) {
        return modifiedAt(names.size() + clip);
    }

    long damagedAt(int clip) {
        return framesAt(names.size() + clip);
    }

    long featuresAt(int clip) {
        return damagedAt(names.size()) + (long) clip * rowBytes;
    }

    long digestAt(int clip) {
        return featuresAt(names.size()) + (long) clip * DIGEST_BYTES;
    }

    long fileBytes() {
        return digestAt(names.size());
    }

    /** Bytes of one clip's features. */
    int rowBytes() {
        return rowBytes;
    }
}
