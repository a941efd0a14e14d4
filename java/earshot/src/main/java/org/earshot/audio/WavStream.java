package org.earshot.audio;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

/** The samples of a WAV file's data chunk. */
final class WavStream implements AudioStream {
    private static final int BLOCK_BYTES = 1 << 16;

    private final AudioInput input;
    private final WavHeader header;
    private final ByteBuffer block;
    private final LossLog log = new LossLog();
    private final long frames;
    private long framesRead;
    private boolean ended;
    private boolean closed;

    /** Takes over the input: closing the stream closes it. */
    WavStream(AudioInput input, WavHeader header) {
        this.input = input;
        this.header = header;
        int frameBytes = header.frameBytes();
        // At most 65,535 channels of 8 bytes: half a megabyte.
        block = ByteBuffer.allocate(Math.max(1, BLOCK_BYTES / frameBytes) * frameBytes)
                .order(header.order());
        frames = header.dataBytes() / frameBytes;
        if (header.missingBytes() > 0) {
            noteEnd(frames, header.missingBytes() / frameBytes);
        }
        if (header.laterBytes() > 0) {
            note(frames, header.laterBytes() / frameBytes, "the end of the first of several data chunks");
        }
    }

    private void noteEnd(long at, long missing) {
        note(at, missing, "the end of the file, before that of its data");
    }

    private void note(long at, long missing, String cause) {
        log.add(Samples.duration(at, header.sampleRate()), Samples.duration(missing, header.sampleRate()), cause);
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
    public int read(float[] interleaved, int offset, int wanted) {
        Objects.checkFromIndexSize(offset, Math.multiplyExact(wanted, header.channels()), interleaved.length);
        if (wanted < 1) {
            throw new IllegalArgumentException("frames must be at least 1: " + wanted);
        }
        if (closed) {
            throw new IllegalStateException(input.name() + " is closed");
        }
        int frameBytes = header.frameBytes();
        int most = (int) Math.min(Math.min(wanted, block.capacity() / frameBytes), frames - framesRead);
        if (most == 0 || ended) {
            return -1;
        }
        block.clear().limit(most * frameBytes);
        input.read(header.dataStart() + framesRead * frameBytes, block);
        int read = block.position() / frameBytes;
        framesRead += read;
        if (read < most) {
            // Fewer than were there when the file was opened: it shrank meanwhile.
            ended = true;
            noteEnd(framesRead, frames - framesRead);
        }
        block.flip();
        header.coding().decode(block, interleaved, offset, read * header.channels());
        return read == 0 ? -1 : read;
    }

    @Override
    public List<AudioLoss> losses() {
        return log.losses();
    }

    @Override
    public void close() {
        closed = true;
        input.close();
    }
}
