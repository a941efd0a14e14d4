package org.earshot.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.earshot.ChildProcess;
import org.earshot.error.WeightsException;
import org.earshot.layer.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weight files that claim much, or change while they are read: typed errors, in a process of little memory. */
class HostileWeightsTest {
    @TempDir
    Path folder;

    private static final byte[] PAGE = new byte[1 << 17];

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "model.pth"})
    void aFileThatIsCutWhileItIsReadIsAnError(String name) throws IOException {
        Path file =
                Files.copy(Path.of("src/test/resources/golden/ascmamba-small").resolve(name), folder.resolve(name));
        Weights weights = WeightFiles.read(file);
        long size = Files.size(file);
        List<String> names = new ArrayList<>(weights.tensors().keySet());
        assertTrue(weights.tensors().get(names.get(0)).floats().length > 0);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size / 2);
        }
        for (String tensor : names) {
            String message = assertThrows(
                            WeightsException.class,
                            () -> weights.tensors().get(tensor).floats(),
                            tensor)
                    .getMessage();
            assertTrue(message.startsWith(file + ": found a file that has changed since"), message);
        }
    }

    /** The moment between the check and the reading: nothing may be seen but an error. */
    @Test
    void aFileThatIsCutUnderAReaderIsAnError() throws IOException {
        Path file = Files.write(folder.resolve("file"), PAGE);
        try (WeightReader reader = WeightFile.of(file).reader()) {
            assertEquals(0, reader.getLong(0));
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(PAGE.length - 10);
            }
            assertEquals(0, reader.getLong(PAGE.length - 18));
            String message = assertThrows(WeightsException.class, () -> reader.getLong(PAGE.length - 17))
                    .getMessage();
            assertTrue(message.contains("the end of the file at byte " + (PAGE.length - 10)), message);
        }
    }

    @Test
    void aFileThatIsReplacedBetweenTwoTensorsIsAnError() throws IOException {
        Path file = folder.resolve("w.safetensors");
        Safetensors.write(file, Map.of("a", WeightTensor.of(Shape.of(2), 1f, 2f)));
        WeightTensor tensor = Safetensors.read(file).tensors().get("a");
        assertArrayEquals(new float[] {1, 2}, tensor.floats());
        Safetensors.write(file, Map.of("a", WeightTensor.of(Shape.of(2), 3f, 4f)));
        assertThrows(WeightsException.class, tensor::floats);
    }

    @Test
    void anInterruptDoesNotEndTheReadingAndStaysPending() {
        Path file = Path.of("src/test/resources/golden/ascmamba-small/model.safetensors");
        Thread.currentThread().interrupt();
        Weights weights = WeightFiles.read(file);
        weights.tensors().values().forEach(WeightTensor::floats);
        assertTrue(Thread.interrupted());
    }

    /** All positions, in both directions, and numbers that lie across pages. */
    @Test
    void everyPositionIsReadFromBothSides() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(200_003).order(ByteOrder.LITTLE_ENDIAN);
        new Random(1).nextBytes(bytes.array());
        Path file = Files.write(folder.resolve("file"), bytes.array());
        try (WeightReader reader = WeightFile.of(file).reader()) {
            for (int at = 0; at <= bytes.capacity() - Long.BYTES; at += 7) {
                int back = bytes.capacity() - Long.BYTES - at;
                assertEquals(bytes.getLong(at), reader.getLong(at));
                assertEquals(bytes.getLong(back), reader.getLong(back));
            }
            assertArrayEquals(bytes.array(), reader.bytes(0, bytes.capacity()));
            assertArrayEquals(bytes.array(), reader.stream(0, bytes.capacity()).readAllBytes());
            assertThrows(WeightsException.class, () -> reader.getInt(bytes.capacity() - 3));
            assertThrows(WeightsException.class, () -> reader.getInt(-1));
        }
    }

    @Test
    void filesThatClaimMuchAreRefusedInLittleMemory() throws IOException, InterruptedException {
        Map<String, Path> files = new LinkedHashMap<>();
        files.put("no more than the Java heap's", terabytes());
        files.put("more than 100000 tensors", manyTensors());
        files.put("values that take more than", pickle("dicts", List.of("}", "q\0")));
        files.put("values that take more than 67108864", pickle("numbers", List.of("K\1")));
        files.put("values that take", pickle("pairs", List.of("(", "K\1", "K\2", "t")));
        files.put("header length", longHeader());
        List<String> command = ChildProcess.jvm(
                List.of("-Xmx160m"),
                HostileReader.class,
                files.values().stream().map(Path::toString).toArray(String[]::new));
        List<String> lines = ChildProcess.run(command).output().lines().toList();
        List<String> expected = new ArrayList<>(files.keySet());
        assertEquals(expected.size(), lines.size(), lines.toString());
        for (int i = 0; i < lines.size(); i++) {
            assertTrue(lines.get(i).contains(expected.get(i)), expected.get(i) + " in " + lines.get(i));
        }
    }

    /** A sparse file of two tebibytes, in tensors of which each fits an array. */
    private Path terabytes() throws IOException {
        long each = 1L << 32;
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 512; i++) {
            header.append(i == 0 ? "" : ",")
                    .append(String.format(
                            "\"t%d\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}",
                            i, each / 4, i * each, (i + 1) * each));
        }
        byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("terabytes.safetensors");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.allocate(8 + text.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .put(text)
                    .flip());
            channel.write(ByteBuffer.allocate(1), 8 + text.length + 512 * each - 1);
        }
        return file;
    }

    private Path manyTensors() throws IOException {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 200_000; i++) {
            header.append(i == 0 ? "" : ",")
                    .append("\"t")
                    .append(i)
                    .append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
        }
        return safetensors("many.safetensors", header.append('}').toString());
    }

    private Path longHeader() throws IOException {
        return safetensors("long.safetensors", "{" + " ".repeat(20_000_000) + "}");
    }

    private Path safetensors(String name, String header) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        return Files.write(
                folder.resolve(name), bytes.putLong(text.length).put(text).array());
    }

    /** A checkpoint whose pickle makes two and a half million values. */
    private Path pickle(String name, List<String> instructions) throws IOException {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        pickle.write(new byte[] {(byte) 0x80, 2, ']', '('});
        byte[] each = String.join("", Collections.nCopies(1000, String.join("", instructions)))
                .getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i < 2_500; i++) {
            pickle.write(each);
        }
        pickle.write(new byte[] {'e', '.'});
        Path file = folder.resolve(name + ".pth");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            ZipEntry entry = new ZipEntry("archive/data.pkl");
            CRC32 crc = new CRC32();
            crc.update(pickle.toByteArray());
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(pickle.size());
            entry.setCrc(crc.getValue());
            zip.putNextEntry(entry);
            pickle.writeTo(zip);
        }
        return file;
    }
}
