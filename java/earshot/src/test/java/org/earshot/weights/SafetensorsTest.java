package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final Path FIXTURES = Path.of("src/test/resources/weights");

    /** Two tensors of 8 bytes each. */
    private static final String RIGHT = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"I32\",\"shape\":[1,2],\"data_offsets\":[8,16]}}";

    @TempDir
    Path folder;

    /** The values that the generator of the fixture gave to PyTorch. */
    @Test
    void readsEveryType() {
        Map<String, WeightTensor> tensors =
                Safetensors.read(FIXTURES.resolve("types.safetensors")).tensors();
        assertEquals(
                Set.of("f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool", "scalar"),
                tensors.keySet());
        float inf = Float.POSITIVE_INFINITY;
        // Nearest binary16 and bfloat16 of 6e-8, 1e-7, 6.1e-5 and 0.1: small multiples of powers of two.
        assertArrayEquals(
                new float[] {0, -0f, 1, -1.5f, 65504, 0x1p-24f, 0x1p-23f, 0x3ffp-24f, inf, -inf, Float.NaN, 0x666p-14f},
                tensors.get("f16").floats());
        assertArrayEquals(
                new float[] {0, -0f, 1, -1.5f, 65536, 0x81p-31f, 0xd7p-31f, 0x80p-21f, inf, -inf, Float.NaN, 0xcdp-11f},
                tensors.get("bf16").floats());
        float[] f32 = tensors.get("f32").floats();
        assertArrayEquals(
                new float[] {0, -0f, 1, -1.5f, 65504, 6e-8f, 1e-7f, 6.1e-5f, inf, -inf, Float.NaN, 0.1f, Float.MIN_VALUE
                },
                f32);
        float[] f64 = tensors.get("f64").floats();
        assertArrayEquals(Arrays.copyOf(f32, 12), Arrays.copyOf(f64, 12));
        assertEquals(inf, f64[12], "1e300 is beyond float32");
        assertEquals(1 / 3f, f64[13]);
        assertArrayEquals(
                new long[] {0, -1, 1L << 62, Long.MIN_VALUE}, tensors.get("i64").longs());
        assertArrayEquals(
                new float[] {0, -1, 0x1p62f, -0x1p63f}, tensors.get("i64").floats());
        assertArrayEquals(
                new long[] {0, -1, Integer.MAX_VALUE}, tensors.get("i32").longs());
        assertArrayEquals(
                new long[] {0, -1, Short.MAX_VALUE}, tensors.get("i16").longs());
        assertArrayEquals(new long[] {0, -1, 127, -128}, tensors.get("i8").longs());
        assertArrayEquals(new long[] {0, 1, 255}, tensors.get("u8").longs());
        assertArrayEquals(new long[] {1, 0, 1}, tensors.get("bool").longs());
        assertEquals(Shape.of(), tensors.get("scalar").shape());
        assertArrayEquals(new long[] {7}, tensors.get("scalar").longs());
        assertThrows(IllegalStateException.class, () -> tensors.get("f32").longs());
    }

    @Test
    void emptyTensorsAreRead() {
        WeightTensor empty = Safetensors.read(FIXTURES.resolve("layouts.safetensors"))
                .tensors()
                .get("empty");
        assertEquals(Shape.of(0, 3), empty.shape());
        assertEquals(0, empty.floats().length);
    }

    /** The reference implementation's own bytes come out again: same order, same header, same padding. */
    @ParameterizedTest
    @ValueSource(strings = {"ascmamba-small/model", "ascmamba-small/golden", "ascmamba-unconditioned/model"})
    void writesTheBytesOfTheReference(String name) throws IOException {
        Path reference = GOLDEN.resolve(name + ".safetensors");
        Path copy = folder.resolve("copy.safetensors");
        Safetensors.write(copy, Safetensors.read(reference).tensors());
        assertArrayEquals(Files.readAllBytes(reference), Files.readAllBytes(copy));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(copy), files.toList(), "nothing besides the file itself is left");
        }
    }

    @Test
    void whatIsWrittenReadsTheSame() {
        Map<String, WeightTensor> tensors = Map.of(
                "naïve \"name\"\n/", WeightTensor.of(Shape.of(2, 1), 1.5f, Float.NaN),
                "long", WeightTensor.of(Shape.of(), Long.MIN_VALUE),
                "empty", WeightTensor.of(Shape.of(3, 0), new float[0]));
        Path file = folder.resolve("w.safetensors");
        Safetensors.write(file, tensors);
        Expected.assertSame(new LoadedWeights(file, tensors, List.of()), Safetensors.read(file));
        Safetensors.write(file, Map.of());
        assertEquals(Map.of(), Safetensors.read(file).tensors());
    }

    @Test
    void nothingIsWrittenWhereItCannotBe() {
        Map<String, WeightTensor> tensor = Map.of("a", WeightTensor.of(Shape.of(1), 1f));
        assertThrows(WeightsException.class, () -> Safetensors.write(folder.resolve("absent/w"), tensor));
        Map<String, WeightTensor> reserved = Map.of("__metadata__", WeightTensor.of(Shape.of(1), 1f));
        assertThrows(WeightsException.class, () -> Safetensors.write(folder.resolve("w"), reserved));
        // The reference implementation could not read it again.
        Map<String, WeightTensor> half = Map.of("a\ud800", WeightTensor.of(Shape.of(1), 1f));
        assertThrows(WeightsException.class, () -> Safetensors.write(folder.resolve("w"), half));
        for (Map<String, String> metadata : List.of(Map.of("\udc00", "v"), Map.of("k", "v\ud800"))) {
            assertThrows(WeightsException.class, () -> Safetensors.write(folder.resolve("w"), tensor, metadata));
        }
        assertTrue(Files.notExists(folder.resolve("w")));
    }

    @Test
    void metadataMayHoldStrings() throws IOException {
        Path file = write(RIGHT.replaceFirst("\\{", "{\"__metadata__\":{\"format\":\"pt\"},"), 16);
        assertEquals(Set.of("a", "b"), Safetensors.read(file).tensors().keySet());
        assertEquals(Map.of("format", "pt"), Safetensors.metadata(file));
    }

    /** As the reference implementation does. */
    @Test
    void metadataMayBeNull() throws IOException {
        Path file = write(RIGHT.replaceFirst("\\{", "{\"__metadata__\":null,"), 16);
        assertEquals(Set.of("a", "b"), Safetensors.read(file).tensors().keySet());
        assertEquals(Map.of(), Safetensors.metadata(file));
    }

    /** NumPy's types that PyTorch has had since 2.3. The values are those that the generator gave to PyTorch. */
    @Test
    void readsUnsignedTypes() {
        Map<String, WeightTensor> tensors =
                Safetensors.read(FIXTURES.resolve("unsigned.safetensors")).tensors();
        assertEquals(Set.of("u16", "u32", "u64", "u64-large"), tensors.keySet());
        assertArrayEquals(new long[] {0, 1, 0x8001, 0xffff}, tensors.get("u16").longs());
        assertArrayEquals(
                new long[] {0, 1, 0x80000001L, 0xffffffffL}, tensors.get("u32").longs());
        assertArrayEquals(new long[] {0, 1, Long.MAX_VALUE}, tensors.get("u64").longs());
        assertArrayEquals(new float[] {0, 1, 0x1p63f}, tensors.get("u64").floats());
        // Just above the middle of two neighbours, on it, and the largest of all.
        assertArrayEquals(
                new float[] {0x1p63f, 0x1.000002p63f, 0x1p63f, 0x1p64f},
                tensors.get("u64-large").floats());
        String complaint = assertThrows(
                        WeightsException.class, () -> tensors.get("u64-large").longs())
                .getMessage();
        assertTrue(
                complaint.endsWith(
                        "found the whole number 9223372036854775808 of type U64; expected at most " + Long.MAX_VALUE),
                complaint);
    }

    /** Each case changes one piece of a right header. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "F32"             | "F8_E4M3"                    | tensor "a": dtype: found "F8_E4M3"; expected F64, F32
            "F32"             | 4                            | tensor "a": dtype: found a whole number; expected a string
            [2]               | [3]                          | tensor "a": data_offsets: found 8 bytes; expected 12 bytes for F32 [3]
            [2]               | [-2]                         | tensor "a": shape: found extent -2
            [2]               | [2.0]                        | tensor "a": shape: found a fraction; expected a whole number
            [2]               | ["2"]                        | tensor "a": shape: found a string
            [2]               | 2                            | tensor "a": shape: found a whole number; expected a list
            [2]               | [99999999999]                | tensor "a": shape: found extent 99999999999
            [2]               | [99999999999999999999]       | header: found
            [2]               | [999999999999999999999]      | header: found
            [2]               | [2147483647,2147483647,4]    | tensor "a": shape: found [2147483647, 2147483647, 4]
            [2]               | [2147483647,2147483647,2147483647] | tensor "a": shape: found [2147483647
            [0,8]             | [0,8,8]                      | tensor "a": data_offsets: found [0, 8, 8]
            [0,8]             | [8,0]                        | tensor "a": data_offsets: found [8, 0]
            [0,8]             | [-8,0]                       | tensor "a": data_offsets: found [-8, 0]
            [8,16]            | [4,12]                       | tensor "b": data_offsets: found begin 4 (an overlap); expected begin 8
            [8,16]            | [0,8]                        | data_offsets: found begin 0 (an overlap)
            [8,16]            | [9,17]                       | tensor "b": data_offsets: found begin 9 (a hole); expected begin 8
            "shape":[2],      | ``                           | tensor "a": found no shape
            "shape":[2],      | "shape":[2],"shape":[2],     | Duplicate
            "shape":[2],      | "shape":[2],"note":"x",      | tensor "a": found a field "note"
            "b":              | "a":                         | Duplicate
            "b":              | "":                          | tensor "": found a name of 0 characters
            "b":              | "__metadata__":              | __metadata__: "shape": found a list; expected a string
            {"a":             | ["a",                        | header: found a list; expected an object
            {"a":{            | {"a":{{                      | header: found at character
            }}                | }                            | header: found at character
            }}                | }}x                          | header: found at character
            }}                | }}{}                         | header: found an object; expected the end
            "a"               | 'a'                          | header: found at character
            """)
    void refusesBadHeaders(String right, String wrong, String message) throws IOException {
        assertTrue(RIGHT.contains(right));
        Path file = write(RIGHT.replace(right, wrong), 16);
        String found = assertThrows(WeightsException.class, () -> Safetensors.read(file))
                .getMessage();
        assertTrue(found.startsWith(file + ""), found);
        assertTrue(found.contains(message), found);
    }

    @Test
    void refusesWrongLengths() throws IOException {
        assertEquals(2, Safetensors.read(write(RIGHT, 16)).tensors().size());
        for (int size : new int[] {0, 15, 17, 1000}) {
            assertThrows(WeightsException.class, () -> Safetensors.read(write(RIGHT, size)), size + " bytes of data");
        }
        for (long length : new long[] {-1, Long.MIN_VALUE, 100_000_001, Long.MAX_VALUE, RIGHT.length() + 17, 0, 1}) {
            byte[] bytes = bytes(RIGHT, 16);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
            Path file = Files.write(folder.resolve("length.safetensors"), bytes);
            assertThrows(WeightsException.class, () -> Safetensors.read(file), "header length " + length);
        }
    }

    @Test
    void refusesTextThatIsNotUtf8() throws IOException {
        byte[] bytes = bytes(RIGHT, 16);
        bytes[10] = (byte) 0xfc;
        Path file = Files.write(folder.resolve("latin.safetensors"), bytes);
        assertThrows(WeightsException.class, () -> Safetensors.read(file));
        byte[] wide = RIGHT.getBytes(StandardCharsets.UTF_16LE);
        ByteBuffer utf16 = ByteBuffer.allocate(8 + wide.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, utf16.putLong(wide.length).put(wide).array());
        assertThrows(WeightsException.class, () -> Safetensors.read(file));
    }

    @Test
    void deepNestingIsRefusedAndDoesNotOverflowTheStack() throws IOException {
        assertThrows(WeightsException.class, () -> Safetensors.read(write("{\"a\":" + "[".repeat(200_000), 0)));
        assertThrows(WeightsException.class, () -> Safetensors.read(write("{\"a\":".repeat(50_000), 0)));
    }

    @Test
    void aCutFileIsRefusedWhereverItIsCut() throws IOException {
        DamagedWeights.assertCutIsRefused(FIXTURES.resolve("types.safetensors"), folder, 3);
    }

    @Test
    void flippedBytesAreRefusedOrRead() throws IOException {
        DamagedWeights.assertOtherBytesAreRefusedOrRead(FIXTURES.resolve("types.safetensors"), folder, 1);
    }

    /** A sparse file, so that it takes no room: "across" lies across 1 GiB, where one mapping ends. */
    @Test
    void filesBeyondTwoGigabytesAreRead() throws IOException {
        // The header takes the first 512 bytes.
        long gap = (1L << 30) - 512 - 6;
        long second = 3L << 29;
        String header = String.format(
                "{\"gap\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]},"
                        + "\"across\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[%d,%d]},"
                        + "\"gap2\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]},"
                        + "\"last\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[%d,%d]}}",
                gap, gap, gap, gap + 12, second, gap + 12, gap + 12 + second, gap + 12 + second, gap + 20 + second);
        byte[] start = bytes(header + " ".repeat(504 - header.length()), 0);
        Path file = folder.resolve("large.safetensors");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(start));
            ByteBuffer floats = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(floats.putFloat(1.5f).putFloat(-2).putFloat(3).flip(), 512 + gap);
            ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(number.putLong(0x0102030405060708L).flip(), 512 + gap + 12 + second);
        }
        assertTrue(Files.size(file) > Integer.MAX_VALUE);
        Map<String, WeightTensor> tensors = Safetensors.read(file).tensors();
        assertArrayEquals(new float[] {1.5f, -2, 3}, tensors.get("across").floats());
        assertArrayEquals(new long[] {0x0102030405060708L}, tensors.get("last").longs());
    }

    private Path write(String header, int dataSize) throws IOException {
        return Files.write(folder.resolve("model.safetensors"), bytes(header, dataSize));
    }

    private static byte[] bytes(String header, int dataSize) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + text.length + dataSize)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .put(text)
                .array();
    }
}
