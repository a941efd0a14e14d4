package org.earshot.server.decoding;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;

/**
 * Sound that a process decodes. The first seconds are taken at once: of most recordings that is all, and the process is
 * free before anybody computes anything.
 */
final class RemoteStream implements AudioStream {
    /** Ten seconds of stereo at 48 kHz, and a little more: 4 MiB. */
    private static final int AHEAD_SAMPLES = 1 << 20;

    private final ProcessDecoder decoder;
    private final String name;
    /** Null once it has been given back. */
    private DecodingProcess process;

    private int sampleRate;
    private int channels;
    private List<AudioLoss> losses = List.of();
    private final Deque<float[]> blocks = new ArrayDeque<>();
    /** Where the first of the blocks has been read to. */
    private int position;

    private boolean ended;
    private boolean closed;

    /** Takes the process over, and gives it back. */
    RemoteStream(ProcessDecoder decoder, DecodingProcess process, String name, byte[] file) {
        this.decoder = decoder;
        this.process = process;
        this.name = name;
        ask(
                out -> {
                    out.writeByte(Wire.OPEN);
                    Wire.writeText(out, name);
                    out.writeInt(file.length);
                    out.write(file);
                },
                this::opened);
        int ahead = 0;
        while (this.process != null && ahead < AHEAD_SAMPLES) {
            ahead += next();
        }
    }

    private AudioException opened(DataInputStream in) throws IOException {
        if (in.readByte() != Wire.OPENED) {
            return Wire.readFailure(in);
        }
        sampleRate = in.readInt();
        channels = in.readInt();
        if (sampleRate < 1 || channels < 1) {
            throw new IOException("found " + sampleRate + " Hz, " + channels + " channels");
        }
        losses = Wire.readLosses(in, losses);
        return null;
    }

    /** Asks; what goes wrong, here or there, frees or ends the process. */
    private void ask(DecodingProcess.Question question, DecodingProcess.Answer<AudioException> answer) {
        boolean well = false;
        try {
            AudioException told = process.ask(name, question, answer);
            if (told != null) {
                throw told;
            }
            well = true;
        } finally {
            if (!well) {
                giveBack();
            }
        }
    }

    private void giveBack() {
        decoder.giveBack(process);
        process = null;
    }

    /** Takes one more block, or notices the end; returns how many samples it has. */
    private int next() {
        ask(out -> out.writeByte(Wire.READ), this::block);
        if (ended) {
            giveBack();
            return 0;
        }
        return blocks.peekLast().length;
    }

    private AudioException block(DataInputStream in) throws IOException {
        byte kind = in.readByte();
        if (kind == Wire.FAILED) {
            return Wire.readFailure(in);
        }
        ended = kind == Wire.END;
        if (!ended) {
            blocks.add(Wire.readSamples(in, channels));
        }
        losses = Wire.readLosses(in, losses);
        return null;
    }

    @Override
    public int sampleRate() {
        return sampleRate;
    }

    @Override
    public int channels() {
        return channels;
    }

    @Override
    public int read(float[] interleaved, int offset, int frames) {
        Objects.checkFromIndexSize(offset, Math.multiplyExact(frames, channels), interleaved.length);
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
        if (blocks.isEmpty() && process != null) {
            next();
        }
        if (blocks.isEmpty()) {
            return -1;
        }
        float[] block = blocks.peek();
        int samples = Math.min(frames * channels, block.length - position);
        System.arraycopy(block, position, interleaved, offset, samples);
        position += samples;
        if (position == block.length) {
            blocks.poll();
            position = 0;
        }
        return samples / channels;
    }

    /** Those of what has been decoded, which may be more than has been read. */
    @Override
    public List<AudioLoss> losses() {
        return losses;
    }

    @Override
    public void close() {
        closed = true;
        if (process != null) {
            process.tell(Wire.CLOSE);
            giveBack();
        }
    }
}
