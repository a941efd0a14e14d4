package org.earshot.audio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.Objects;

/** The samples of a WAV file's data chunk. */
final class WavStream implements AudioStream {
    private static final int BLOCK_BYTES = 1 << 16;

    private final Path file;
    private final SeekableByteChannel channel;
    private final WavHeader header;
    private final ByteBuffer block;
    private long framesLeft;

    /** Takes over the channel: closing the stream closes it. */
    WavStream(Path file, SeekableByteChannel channel, WavHeader header) throws IOException {
        this.file = file;
        this.channel = channel;
        this.header = header;
        int frameBytes = header.frameBytes();
        // At most 65,535 channels of 8 bytes: half a megabyte.
        block = ByteBuffer.allocate(Math.max(1, BLOCK_BYTES / frameBytes) * frameBytes)
                .order(header.order());
        framesLeft = header.dataBytes() / frameBytes;
        channel.position(header.dataStart());
    }

    @Override
    public int sampleRate() {
        return header.sampleRate();
    }

    @Override
    public int channels() {
        return header.channels();
    }

    @Override
    public int read(float[] interleaved, int offset, int frames) {
        Objects.checkFromIndexSize(offset, Math.multiplyExact(frames, header.channels()), interleaved.length);
        if (frames < 1) {
            throw new IllegalArgumentException("frames must be at least 1: " + frames);
        }
        int frameBytes = header.frameBytes();
        int wanted = (int) Math.min(Math.min(frames, block.capacity() / frameBytes), framesLeft);
        if (wanted == 0) {
            return -1;
        }
        block.clear().limit(wanted * frameBytes);
        try {
            while (block.hasRemaining()) {
                if (channel.read(block) < 0) {
                    break;
                }
            }
        } catch (IOException e) {
            throw AudioFiles.unreadable(file, e);
        }
        // Fewer than were there when the file was opened: it shrank meanwhile, which reads as a truncated one does.
        int read = block.position() / frameBytes;
        framesLeft = read < wanted ? 0 : framesLeft - read;
        block.flip();
        SampleCoding coding = header.coding();
        int end = offset + read * header.channels();
        for (int i = offset; i < end; i++) {
            interleaved[i] = coding.next(block);
        }
        return read == 0 ? -1 : read;
    }

    @Override
    public void close() {
        AudioFiles.closeQuietly(channel);
    }
}
