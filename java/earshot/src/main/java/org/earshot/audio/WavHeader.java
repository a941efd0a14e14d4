package org.earshot.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.earshot.error.AudioException;

/**
 * What the chunks of a WAV file say: RIFF (little endian), RIFX (big endian), RF64 and BW64 (64-bit sizes in a ds64
 * chunk, EBU Tech 3306). Sizes are only ever compared with the bytes that are there, never allocated.
 *
 * @param sampleRate Hz
 * @param channels at least 1
 * @param coding how a sample is coded; null if not in one of the ways that are decoded here
 * @param codingName the coding in words
 * @param order of the bytes in a sample
 * @param dataStart first byte of the samples
 * @param dataBytes how many there are
 * @param missingBytes how many more the data chunk says that there are
 * @param laterBytes how many lie in data chunks behind the first, which are not read: FFmpeg plays the last of them,
 *     libsndfile refuses the file
 */
record WavHeader(
        int sampleRate,
        int channels,
        SampleCoding coding,
        String codingName,
        ByteOrder order,
        long dataStart,
        long dataBytes,
        long missingBytes,
        long laterBytes) {
    /** Real files have a few dozen; a file of nothing but empty chunks is not worth reading to its end. */
    private static final int MAX_CHUNKS = 4096;

    private static final int RIFF_HEADER_BYTES = 12;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final long UNKNOWN_SIZE = 0xffff_ffffL;

    /** Sizes from here on stand for "until the end" in streams: 2 GiB less a little, as sox and others write them. */
    private static final long STREAMED_SIZE = 0x7fff_0000L;

    /** Chunks that the specifications name and real files have, by which those are told that are not padded. */
    private static final Set<String> KNOWN_CHUNKS = Set.of(
            "fmt ", "data", "fact", "LIST", "bext", "iXML", "axml", "chna", "cue ", "smpl", "inst", "PEAK", "JUNK",
            "junk", "PAD ", "FLLR", "id3 ", "ID3 ", "cart", "_PMX", "acid", "umid", "minf", "elm1", "regn");

    private static final Set<String> CONTAINERS = Set.of("RIFF", "RIFX", "RF64", "BW64");

    /** Whether a file that begins so is a WAV file. */
    static boolean matches(byte... head) {
        return head.length >= RIFF_HEADER_BYTES
                && CONTAINERS.contains(new String(head, 0, 4, StandardCharsets.ISO_8859_1))
                && new String(head, 8, 4, StandardCharsets.ISO_8859_1).equals("WAVE");
    }

    /** Bytes of one frame. */
    int frameBytes() {
        return channels * coding.bytes();
    }

    static WavHeader parse(AudioInput input) {
        return new Parser(input).parse();
    }

    /** One walk over the chunks, in whatever order they come. */
    private static final class Parser {
        private final AudioInput input;
        private final long fileBytes;
        private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
        /** How far the file says that it reaches; 0 if it does not say. */
        private long riffEnd;

        private long longDataBytes = UNKNOWN_SIZE;
        private WavFormat format;
        private long dataStart = -1;
        private long dataBytes;
        private long missingBytes;
        private long laterBytes;

        Parser(AudioInput input) {
            this.input = input;
            this.fileBytes = input.size();
        }

        WavHeader parse() {
            byte[] start = new byte[RIFF_HEADER_BYTES];
            ByteBuffer riff = bytesAt(0, RIFF_HEADER_BYTES);
            riff.get(start);
            if (start[3] == 'X') {
                order = ByteOrder.BIG_ENDIAN;
            }
            long riffBytes = Integer.toUnsignedLong(riff.order(order).getInt(4));
            riffEnd = riffBytes == UNKNOWN_SIZE ? 0 : CHUNK_HEADER_BYTES + riffBytes;
            walk();
            if (format == null) {
                throw damaged(input.name(), "no fmt chunk", "a WAV file with one");
            }
            if (dataStart < 0) {
                throw damaged(input.name(), "no data chunk", "a WAV file with one");
            }
            return new WavHeader(
                    format.sampleRate(),
                    format.channels(),
                    coding(),
                    format.codingName(),
                    order,
                    dataStart,
                    dataBytes,
                    missingBytes,
                    laterBytes);
        }

        /** The samples' coding, in a wider container only if the data bear it out: the header alone often errs. */
        private SampleCoding coding() {
            SampleCoding coding = format.coding();
            int container = coding == null ? 0 : format.containerBytes();
            return container == 0
                    ? coding
                    : SampleContainers.coding(
                            bytesAt(dataStart, (int) Math.min(dataBytes, SampleContainers.BYTES_LOOKED_AT)),
                            coding,
                            container);
        }

        private void walk() {
            long position = RIFF_HEADER_BYTES;
            for (int chunk = 0; chunk < MAX_CHUNKS; chunk++) {
                if (fileBytes - position < CHUNK_HEADER_BYTES) {
                    return;
                }
                ByteBuffer header = bytesAt(position, CHUNK_HEADER_BYTES);
                byte[] idBytes = new byte[4];
                header.get(idBytes);
                String id = new String(idBytes, StandardCharsets.ISO_8859_1);
                long start = position + CHUNK_HEADER_BYTES;
                long declared = Integer.toUnsignedLong(header.getInt(4));
                long size =
                        format != null && dataStart >= 0 ? passOver(id, start, declared) : visit(id, start, declared);
                // The size is at most what the file holds: no overflow.
                position = start + size + padding(start, size);
            }
            if (format == null || dataStart < 0) {
                throw damaged(
                        input.name(),
                        "more than " + MAX_CHUNKS + " chunks before the audio",
                        "fmt and data chunks among the first");
            }
        }

        /** Takes note of sound behind the first data chunk, as in recordings put one behind the other by cat. */
        private long passOver(String id, long start, long declared) {
            long size = Math.min(declared, fileBytes - start);
            if (id.equals("data")) {
                laterBytes += size;
            }
            boolean anotherRecording = CONTAINERS.contains(id) && size >= 4;
            return anotherRecording ? 4 : size;
        }

        /** Chunks are padded to even lengths, but not by every writer. */
        private int padding(long start, long size) {
            if ((size & 1) == 0) {
                return 0;
            }
            String unpadded = chunkId(start + size);
            String padded = chunkId(start + size + 1);
            if (unpadded.isEmpty() || padded.isEmpty()) {
                return padded.isEmpty() && !unpadded.isEmpty() ? 0 : 1;
            }
            // Both could be one: an identifier's last three letters with the lowest byte of a size, or padding that is
            // not zero with an identifier's first three.
            return KNOWN_CHUNKS.contains(unpadded) && !KNOWN_CHUNKS.contains(padded) ? 0 : 1;
        }

        /** The identifier of a chunk that begins there; empty if none does. */
        private String chunkId(long position) {
            if (fileBytes - position < CHUNK_HEADER_BYTES) {
                return "";
            }
            byte[] id = bytesAt(position, 4).array();
            for (byte letter : id) {
                if (letter < ' ' || letter > '~') {
                    return "";
                }
            }
            return new String(id, StandardCharsets.ISO_8859_1);
        }

        /** Takes in one chunk and returns how many bytes it really has. */
        private long visit(String id, long start, long declared) {
            long available = fileBytes - start;
            long size = Math.min(declared, available);
            switch (id) {
                case "ds64" -> {
                    if (size < 16) {
                        throw damaged(input.name() + ", ds64 chunk", size + " bytes", "at least 16");
                    }
                    ByteBuffer sizes = bytesAt(start, 16);
                    longDataBytes = sizes.getLong(8);
                    if (riffEnd == 0) {
                        // No more than the file has: no overflow.
                        riffEnd = CHUNK_HEADER_BYTES + Math.max(0, Math.min(sizes.getLong(0), fileBytes));
                    }
                    if (longDataBytes < 0) {
                        throw damaged(
                                input.name() + ", ds64 chunk",
                                Long.toUnsignedString(longDataBytes) + " bytes of audio",
                                "at most " + Long.MAX_VALUE);
                    }
                }
                case "fmt " ->
                    format = WavFormat.parse(
                            input.name(), bytesAt(start, (int) Math.min(size, WavFormat.EXTENSIBLE_BYTES)));
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
            long stated = declared == UNKNOWN_SIZE ? longDataBytes : declared;
            boolean neverFilledIn = stated == 0 && riffEnd <= start;
            if (neverFilledIn) {
                return available;
            }
            if (stated <= available) {
                return stated;
            }
            boolean streamed = stated == UNKNOWN_SIZE || (stated == declared && declared >= STREAMED_SIZE);
            missingBytes = streamed ? 0 : stated - available;
            return available;
        }

        private ByteBuffer bytesAt(long position, int count) {
            ByteBuffer bytes = ByteBuffer.allocate(count).order(order);
            input.read(position, bytes);
            if (bytes.hasRemaining()) {
                throw damaged(
                        input.name(),
                        "its end at byte " + (position + bytes.position()) + ", inside the header",
                        "a complete WAV header");
            }
            return bytes.flip();
        }

        private static AudioException damaged(String subject, String found, String expected) {
            return new AudioException(AudioException.Reason.DAMAGED, subject, found, expected);
        }
    }
}
