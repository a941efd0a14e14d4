package org.earshot.server.decoding;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.earshot.audio.AudioLoss;
import org.earshot.error.AudioException;

/**
 * What goes between the server and a process that decodes. The server asks, with one byte and what belongs to it, and
 * has one answer to each question but {@link #CLOSE}: so nothing is decoded that nobody asked for, and neither side
 * ever waits for the other to read.
 */
final class Wire {
    /** Told once by a process that has started. */
    static final byte READY = 0;

    /** Opens a recording: its name, its length, its bytes. Answered by {@link #OPENED} or {@link #FAILED}. */
    static final byte OPEN = 1;

    /** Reads on. Answered by {@link #SOUND}, or for the last time by {@link #END} or {@link #FAILED}. */
    static final byte READ = 2;

    /** Gives up a recording that has not come to its end. Not answered. */
    static final byte CLOSE = 3;

    /** Sample rate and channels; losses. */
    static final byte OPENED = 4;

    /** A block of interleaved samples: their number, float32; losses. */
    static final byte SOUND = 5;

    /** The recording is over; losses. */
    static final byte END = 6;

    /** The recording cannot be read: reason and message of an {@link AudioException}. */
    static final byte FAILED = 7;

    /** Most samples in a block: 256 KiB. */
    private static final int BLOCK_SAMPLES = 1 << 16;

    /** Far more than any recording notes, see {@link org.earshot.audio.LossLog}. */
    private static final int MOST_LOSSES = 1 << 16;

    private static final int MOST_TEXT = 1 << 20;

    private Wire() {}

    /** How many samples a block has at most: whole frames. */
    static int blockSamples(int channels) {
        return Math.max(1, BLOCK_SAMPLES / channels) * channels;
    }

    static void writeText(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static String readText(DataInputStream in) throws IOException {
        return new String(readBytes(in, MOST_TEXT), StandardCharsets.UTF_8);
    }

    /** Bytes behind their number. */
    static byte[] readBytes(DataInputStream in, int most) throws IOException {
        byte[] bytes = new byte[readCount(in, most)];
        in.readFully(bytes);
        return bytes;
    }

    private static int readCount(DataInputStream in, int most) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > most) {
            throw new IOException("found a count of " + count + "; expected at most " + most);
        }
        return count;
    }

    static void writeSamples(DataOutputStream out, float[] samples, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES);
        bytes.asFloatBuffer().put(samples, 0, count);
        out.writeInt(bytes.capacity());
        out.write(bytes.array());
    }

    static float[] readSamples(DataInputStream in, int channels) throws IOException {
        byte[] bytes = readBytes(in, blockSamples(channels) * Float.BYTES);
        float[] samples = new float[bytes.length / Float.BYTES];
        if (samples.length == 0 || samples.length % channels != 0) {
            throw new IOException("found " + samples.length + " samples of " + channels + " channels");
        }
        ByteBuffer.wrap(bytes).asFloatBuffer().get(samples);
        return samples;
    }

    /** Losses that have been written before are not written again. */
    static void writeLosses(DataOutputStream out, List<AudioLoss> before, List<AudioLoss> now) throws IOException {
        int same = 0;
        while (same < before.size() && same < now.size() && before.get(same).equals(now.get(same))) {
            same++;
        }
        out.writeInt(same);
        out.writeInt(now.size() - same);
        for (AudioLoss loss : now.subList(same, now.size())) {
            out.writeLong(loss.at().toNanos());
            out.writeLong(loss.length().toNanos());
            writeText(out, loss.cause());
        }
    }

    static List<AudioLoss> readLosses(DataInputStream in, List<AudioLoss> before) throws IOException {
        int same = readCount(in, before.size());
        int more = readCount(in, MOST_LOSSES);
        if (same == before.size() && more == 0) {
            return before;
        }
        List<AudioLoss> losses = new ArrayList<>(before.subList(0, same));
        for (int i = 0; i < more; i++) {
            losses.add(new AudioLoss(Duration.ofNanos(in.readLong()), Duration.ofNanos(in.readLong()), readText(in)));
        }
        return losses;
    }

    static void writeFailure(DataOutputStream out, AudioException failure) throws IOException {
        out.writeByte(FAILED);
        writeText(out, failure.reason().name());
        writeText(out, failure.getMessage());
    }

    static AudioException readFailure(DataInputStream in) throws IOException {
        String reason = readText(in);
        try {
            return AudioException.relayed(AudioException.Reason.valueOf(reason), readText(in));
        } catch (IllegalArgumentException e) {
            throw new IOException("found a failure of another kind", e);
        }
    }
}
