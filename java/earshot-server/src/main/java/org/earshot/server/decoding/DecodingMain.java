package org.earshot.server.decoding;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.earshot.audio.AudioFiles;
import org.earshot.audio.AudioLimits;
import org.earshot.audio.AudioLoss;
import org.earshot.audio.AudioStream;
import org.earshot.error.AudioException;

/**
 * A process that decodes one recording after the other. It ends when its standard input does, which is when the server
 * ends in whatever way, even in the middle of its work; signals that are meant for the server and reach all of its
 * processes do not end it before.
 */
final class DecodingMain {
    private static final int BUFFER = 1 << 16;

    /** A-law, which is nobody's but FFmpeg's in this format: ten samples, 8 kHz, mono. */
    private static final byte[] SMALLEST = {
        '.', 's', 'n', 'd', 0, 0, 0, 24, 0, 0, 0, 10, 0, 0, 0, 27, 0, 0, 0x1f, 0x40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0
    };

    private final DataInputStream in;
    private final DataOutputStream out;
    private final BlockingQueue<Question> questions = new LinkedBlockingQueue<>();
    private AudioStream stream;
    private float[] block;
    private List<AudioLoss> told;

    /**
     * What the server asks.
     *
     * @param kind {@link Wire#OPEN}, {@link Wire#READ} or {@link Wire#CLOSE}
     * @param name of the recording to open, else null
     * @param file likewise
     */
    @SuppressWarnings("ArrayRecordComponent") // Not compared.
    private record Question(byte kind, String name, byte[] file) {}

    private DecodingMain(DataInputStream in, DataOutputStream out) {
        this.in = in;
        this.out = out;
    }

    /** Takes no arguments. */
    public static void main(String[] args) {
        // Whatever anybody prints is not to come between the answers.
        System.setOut(System.err);
        // A signal begins Java's end, which this one keeps from going on; the work goes on meanwhile.
        Runtime.getRuntime().addShutdownHook(new Thread(DecodingMain::stay));
        DecodingMain process = new DecodingMain(
                new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in), BUFFER)),
                new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER)));
        Thread listener = new Thread(process::listen, "questions");
        listener.setDaemon(true);
        listener.start();
        try {
            // Loads FFmpeg's libraries before anybody waits for them; if they do not load, each recording is told so.
            process.open(new Question(Wire.OPEN, "warm-up", SMALLEST));
            process.close();
            process.out.writeByte(Wire.READY);
            process.out.flush();
            while (true) {
                process.answer(process.questions.take());
            }
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            System.getLogger(DecodingMain.class.getName()).log(System.Logger.Level.ERROR, "a decoder ends", e);
            Runtime.getRuntime().halt(1);
        }
    }

    private static void stay() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // Nobody has this thread to interrupt it.
        }
    }

    /** On a thread of its own, which the server's end reaches even while a file is being decoded. */
    private void listen() {
        try {
            while (true) {
                byte kind = in.readByte();
                questions.add(
                        kind == Wire.OPEN
                                ? new Question(kind, Wire.readText(in), Wire.readBytes(in, Integer.MAX_VALUE))
                                : new Question(kind, null, null));
            }
        } catch (EOFException e) {
            Runtime.getRuntime().halt(0);
        } catch (IOException e) {
            Runtime.getRuntime().halt(1);
        }
    }

    private void answer(Question question) throws IOException {
        if (question.kind() == Wire.CLOSE) {
            close();
            return;
        }
        AudioException failure = question.kind() == Wire.OPEN ? open(question) : null;
        if (failure == null) {
            failure = question.kind() == Wire.OPEN ? tellOpened() : read();
        }
        if (failure != null) {
            close();
            Wire.writeFailure(out, failure);
        }
        out.flush();
    }

    private AudioException open(Question question) {
        told = List.of();
        try {
            // The server holds the sound to its own bounds, as it asks for it.
            stream = AudioFiles.open(question.file(), question.name(), AudioLimits.defaults());
            block = new float[Wire.blockSamples(stream.channels())];
            return null;
        } catch (AudioException e) {
            return e;
        } catch (OutOfMemoryError e) {
            return exhausted(question.name(), e);
        }
    }

    private static AudioException exhausted(String name, OutOfMemoryError e) {
        return new AudioException(
                AudioException.Reason.LIMIT, name, "more than memory has room for", "a smaller recording", e);
    }

    private AudioException tellOpened() throws IOException {
        out.writeByte(Wire.OPENED);
        out.writeInt(stream.sampleRate());
        out.writeInt(stream.channels());
        tellLosses();
        return null;
    }

    private void tellLosses() throws IOException {
        List<AudioLoss> now = stream.losses();
        Wire.writeLosses(out, told, now);
        told = now;
    }

    private AudioException read() throws IOException {
        int filled = 0;
        try {
            int channels = stream.channels();
            int read = 0;
            while (filled < block.length && read >= 0) {
                read = stream.read(block, filled, (block.length - filled) / channels);
                filled += Math.max(0, read) * channels;
            }
        } catch (AudioException e) {
            // What came before it is lost with it: nobody is given a part of what cannot be read.
            return e;
        } catch (OutOfMemoryError e) {
            return exhausted("recording", e);
        }
        if (filled > 0) {
            out.writeByte(Wire.SOUND);
            Wire.writeSamples(out, block, filled);
            tellLosses();
        } else {
            out.writeByte(Wire.END);
            tellLosses();
            close();
        }
        return null;
    }

    private void close() {
        if (stream != null) {
            stream.close();
            stream = null;
            block = null;
        }
    }
}
