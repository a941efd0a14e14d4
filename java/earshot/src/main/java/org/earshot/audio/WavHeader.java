package org.earshot.audio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.earshot.AudioException;

/**
 * What the chunks of a WAV file say: RIFF (little endian), RIFX (big endian), RF64 and BW64 (64-bit sizes in a ds64
 * chunk, EBU Tech 3306). Sizes are only ever compared with the bytes that are there, never allocated.
 */
record WavHeader(int sampleRate, int channels, SampleCoding coding, ByteOrder order, long dataStart, long dataBytes) {
    /** Real files have a few dozen; a file of nothing but empty chunks is not worth reading to its end. */
    private static final int MAX_CHUNKS = 4096;

    private static final int RIFF_HEADER_BYTES = 12;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final long UNKNOWN_SIZE = 0xffff_ffffL;
    private static final Set<String> CONTAINERS = Set.of("RIFF", "RIFX", "RF64", "BW64");

    /** Whether a file that begins so is a WAV file. */
    static boolean matches(byte[] head) {
        return head.length >= RIFF_HEADER_BYTES
                && CONTAINERS.contains(new String(head, 0, 4, StandardCharsets.ISO_8859_1))
                && new String(head, 8, 4, StandardCharsets.ISO_8859_1).equals("WAVE");
    }

    /** Bytes of one frame. */
    int frameBytes() {
        return channels * coding.bytes();
    }

    static WavHeader parse(Path file, SeekableByteChannel channel) throws IOException {
        return new Parser(file, channel).parse();
    }

    /** One walk over the chunks, in whatever order they come. */
    private static final class Parser {
        private final Path file;
        private final SeekableByteChannel channel;
        private final long fileBytes;
        private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        private long riffEnd;
        private long longDataBytes = UNKNOWN_SIZE;
        private WavFormat format;
        private long dataStart = -1;
        private long dataBytes;

        Parser(Path file, SeekableByteChannel channel) throws IOException {
            this.file = file;
            this.channel = channel;
            this.fileBytes = channel.size();
        }

        WavHeader parse() throws IOException {
            byte[] start = new byte[RIFF_HEADER_BYTES];
            ByteBuffer riff = bytesAt(0, RIFF_HEADER_BYTES);
            riff.get(start);
            if (!matches(start)) {
                throw new AudioException(
                        AudioException.Reason.FORMAT, file, "no RIFF/WAVE header in its first 12 bytes", "a WAV file");
            }
            if (start[3] == 'X') {
                order = ByteOrder.BIG_ENDIAN;
            }
            long riffBytes = Integer.toUnsignedLong(riff.order(order).getInt(4));
            riffEnd = riffBytes == UNKNOWN_SIZE ? 0 : CHUNK_HEADER_BYTES + riffBytes;
            walk();
            if (format == null) {
                throw new AudioException(AudioException.Reason.DAMAGED, file, "no fmt chunk", "a WAV file with one");
            }
            if (dataStart < 0) {
                throw new AudioException(AudioException.Reason.DAMAGED, file, "no data chunk", "a WAV file with one");
            }
            return new WavHeader(format.sampleRate(), format.channels(), format.coding(), order, dataStart, dataBytes);
        }

        private void walk() throws IOException {
            long position = RIFF_HEADER_BYTES;
            for (int chunk = 0; chunk < MAX_CHUNKS; chunk++) {
                if ((format != null && dataStart >= 0) || fileBytes - position < CHUNK_HEADER_BYTES) {
                    return;
                }
                ByteBuffer header = bytesAt(position, CHUNK_HEADER_BYTES);
                byte[] id = new byte[4];
                header.get(id);
                long start = position + CHUNK_HEADER_BYTES;
                long size = visit(
                        new String(id, StandardCharsets.ISO_8859_1), start, Integer.toUnsignedLong(header.getInt(4)));
                // Chunks are padded to even lengths. The size is at most what the file holds: no overflow.
                position = start + size + (size & 1);
            }
            throw new AudioException(
                    AudioException.Reason.DAMAGED,
                    file,
                    "more than " + MAX_CHUNKS + " chunks before the audio",
                    "fmt and data chunks among the first");
        }

        /** Takes in one chunk and returns how many bytes it really has. */
        private long visit(String id, long start, long declared) throws IOException {
            long available = fileBytes - start;
            long size = Math.min(declared, available);
            switch (id) {
                case "ds64" -> {
                    if (size < 16) {
                        throw new AudioException(
                                AudioException.Reason.DAMAGED, file + ", ds64 chunk", size + " bytes", "at least 16");
                    }
                    longDataBytes = bytesAt(start, 16).getLong(8);
                    if (longDataBytes < 0) {
                        throw new AudioException(
                                AudioException.Reason.DAMAGED,
                                file + ", ds64 chunk",
                                Long.toUnsignedString(longDataBytes) + " bytes of audio",
                                "at most " + Long.MAX_VALUE);
                    }
                }
                case "fmt " ->
                    format = WavFormat.parse(file, bytesAt(start, (int) Math.min(size, WavFormat.EXTENSIBLE_BYTES)));
                case "data" -> {
                    dataStart = start;
                    dataBytes = audioBytes(start, declared, available);
                    return dataBytes;
                }
                default -> {
                    // LIST, bext, fact and so on say nothing about where the samples are.
                }
            }
            return size;
        }

        /** Length of the data chunk, also where its writer could not go back to fill it in. */
        private long audioBytes(long start, long declared, long available) {
            boolean neverFilledIn = declared == 0 && riffEnd <= start;
            if (neverFilledIn) {
                return available;
            }
            if (declared != UNKNOWN_SIZE) {
                return Math.min(declared, available);
            }
            return longDataBytes == UNKNOWN_SIZE ? available : Math.min(longDataBytes, available);
        }

        private ByteBuffer bytesAt(long position, int count) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(count).order(order);
            channel.position(position);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new AudioException(
                            AudioException.Reason.DAMAGED,
                            file,
                            "its end at byte " + (position + bytes.position()) + ", inside the header",
                            "a complete WAV header");
                }
            }
            return bytes.flip();
        }
    }
}
