package org.earshot.server.decoding;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.earshot.audio.AudioDecoder;
import org.earshot.audio.AudioFormat;
import org.earshot.audio.AudioInput;
import org.earshot.audio.AudioStream;
import org.earshot.error.BusyException;
import org.earshot.server.service.RequestException;

/**
 * Decodes in processes of its own, one recording in each at a time: a file that ends its decoder, or keeps it for ever,
 * takes no other request with it. Processes are started as they are needed, and kept for the next recordings.
 * Thread-safe.
 */
public final class ProcessDecoder implements AudioDecoder, AutoCloseable {
    /**
     * How long a recording waits for a process. Whoever has one may itself wait for those to go first who wait here:
     * not for ever.
     */
    private static final Duration WAIT = Duration.ofSeconds(5);

    private static final Duration REST = Duration.ofMinutes(1);

    private static final System.Logger LOGGER = System.getLogger(ProcessDecoder.class.getName());

    private final int most;
    private final long fileBytes;
    private final Duration patience;
    private final Semaphore places;

    // Guarded by this.
    private final Set<DecodingProcess> all = new HashSet<>();
    /** Those that have nothing to do; the last to have had comes first. */
    private final Deque<DecodingProcess> idle = new ArrayDeque<>();

    private boolean closed;

    /**
     * Starts one process, for the first recording.
     *
     * @param most processes at once
     * @param fileBytes of the largest file
     * @param patience how long a process may be silent before it is given up
     * @throws IOException if no process can be started
     */
    public ProcessDecoder(int most, long fileBytes, Duration patience) throws IOException {
        this.most = most;
        this.fileBytes = fileBytes;
        this.patience = patience;
        places = new Semaphore(most, true);
        DecodingProcess first = DecodingProcess.start(fileBytes, patience);
        all.add(first);
        idle.add(first);
    }

    /** All of them: what cannot be decoded there is told by the process. */
    @Override
    public Set<AudioFormat> formats() {
        return EnumSet.allOf(AudioFormat.class);
    }

    /**
     * Opens a recording, whose bytes are handed to a process.
     *
     * @throws BusyException if none has come free for some seconds
     * @throws RequestException if none can be started
     */
    @Override
    public AudioStream open(AudioInput input) {
        byte[] file = new byte[Math.toIntExact(input.size())];
        input.read(0, ByteBuffer.wrap(file));
        AudioStream stream = new RemoteStream(this, take(input.name()), input.name(), file);
        input.close();
        return stream;
    }

    private DecodingProcess take(String name) {
        try {
            if (!places.tryAcquire(WAIT.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new BusyException(most + " recordings that are being decoded");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw DecodingProcess.interrupted(name, e);
        }
        boolean taken = false;
        try {
            DecodingProcess process = idleOrNew();
            taken = true;
            return process;
        } catch (IOException e) {
            // Where Java lies, and what this machine is short of, is nobody's business outside.
            LOGGER.log(System.Logger.Level.WARNING, "a decoder's process cannot be started", e);
            throw DecodingProcess.notStarted(name);
        } finally {
            if (!taken) {
                places.release();
            }
        }
    }

    private synchronized DecodingProcess idleOrNew() throws IOException {
        if (closed) {
            throw RequestException.ending();
        }
        for (DecodingProcess process = idle.poll(); process != null; process = idle.poll()) {
            if (process.isAlive()) {
                return process;
            }
            end(process);
        }
        DecodingProcess process = DecodingProcess.start(fileBytes, patience);
        all.add(process);
        return process;
    }

    private synchronized void end(DecodingProcess process) {
        all.remove(process);
        process.kill();
    }

    /** A process has done with its recording, or is over. */
    void giveBack(DecodingProcess process) {
        synchronized (this) {
            if (closed || !process.isAlive()) {
                end(process);
            } else {
                process.rests();
                idle.push(process);
            }
        }
        places.release();
    }

    /** Ends processes that have had nothing to do for a while, but for one. */
    public synchronized void endIdle() {
        while (idle.size() > 1 && idle.peekLast().idleNanos() > REST.toNanos()) {
            end(idle.pollLast());
        }
    }

    /**
     * How many processes there are.
     *
     * @return those that decode, and those that have nothing to do
     */
    public synchronized int count() {
        return all.size();
    }

    /** Ends all processes; what still decodes ends with an exception. */
    @Override
    public synchronized void close() {
        closed = true;
        all.forEach(DecodingProcess::kill);
        all.clear();
        idle.clear();
    }
}
