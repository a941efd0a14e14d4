package org.earshot.server.decoding;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.earshot.error.AudioException;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;

/** A process that decodes, as the server has it. Not thread-safe, except for {@link #kill}. */
final class DecodingProcess {
    private static final System.Logger LOGGER = System.getLogger(DecodingProcess.class.getName());
    private static final int BUFFER = 1 << 16;
    private static final int MEBIBYTE = 1 << 20;

    /** What a process needs beside the file that it decodes, with room to spare. */
    private static final int OWN_MEBIBYTES = 64;

    /** How long the system may take to say how a process ended that has ended. */
    private static final long END_SECONDS = 5;

    /** What Java ends with when a heap is full (-XX:+ExitOnOutOfMemoryError). */
    private static final int OUT_OF_MEMORY = 3;

    /** What a process ends with that another kills, as the system does when memory runs out: 128, and SIGKILL. */
    private static final int KILLED = 128 + 9;

    /** Where JVMs find options beside those of their command. */
    private static final Set<String> OPTION_VARIABLES =
            Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private final Process process;
    private final DataOutputStream out;
    private final DataInputStream in;
    private final Duration patience;
    /** Asks and reads the answer, as a pipe's reader cannot be called back from it. */
    private final ExecutorService talk;

    /** Whether it has said that it has started. */
    private volatile boolean ready;

    private long idleSince = System.nanoTime();

    /** Writes a question. */
    @FunctionalInterface
    interface Question {
        void write(DataOutputStream out) throws IOException;
    }

    /** Reads an answer. */
    @FunctionalInterface
    interface Answer<T> {
        T read(DataInputStream in) throws IOException;
    }

    private DecodingProcess(Process process, Duration patience) {
        this.process = process;
        this.patience = patience;
        out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), BUFFER));
        in = new DataInputStream(new BufferedInputStream(process.getInputStream(), BUFFER));
        talk = Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, "earshot-decoder-" + process.pid());
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts one, which is not waited for.
     *
     * @param fileBytes of the largest file
     * @param patience how long it may be silent
     * @throws IOException if there can be none
     */
    static DecodingProcess start(long fileBytes, Duration patience) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // A file is the heap's old generation's, which is two thirds of it.
        command.add("-Xmx" + (OWN_MEBIBYTES + 2 * (fileBytes / MEBIBYTE + 1)) + "m");
        command.addAll(List.of(
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+ExitOnOutOfMemoryError",
                // A file that ends a decoder is to fill neither the disk nor the log; nor the standard output.
                "-XX:+SuppressFatalErrorMessage",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:+DisplayVMOutputToStderr",
                "-Xlog:disable"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(DecodingProcess::isInherited)
                .forEach(command::add);
        command.addAll(program());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        // What a JVM takes from there is the server's: another collector beside ours, or a port that the server has
        // already, would keep every decoder from starting. What decoders share with it is among its arguments.
        builder.environment().keySet().removeAll(OPTION_VARIABLES);
        return new DecodingProcess(builder.start(), patience);
    }

    /** The decoder as this process runs itself: from the class path, or as modules. */
    private static List<String> program() {
        Module module = DecodingMain.class.getModule();
        String main = DecodingMain.class.getName();
        String path = System.getProperty("jdk.module.path");
        if (!module.isNamed() || path == null) {
            return List.of("-cp", System.getProperty("java.class.path"), main);
        }
        return List.of("-p", path, "--add-modules", "ALL-MODULE-PATH", "-m", module.getName() + "/" + main);
    }

    /** Where libraries are unpacked to and whether they may be loaded is as it is here. */
    private static boolean isInherited(String argument) {
        return (argument.startsWith("-D") && !argument.startsWith("-Dcom.sun.management"))
                || argument.startsWith("--enable-native-access")
                || argument.startsWith("-XX:SharedArchiveFile=");
    }

    /**
     * Asks and waits for the answer.
     *
     * @param name of the recording that it is about, for messages
     * @throws AudioException if the process ended of it, or was silent for too long, or the caller is interrupted; the
     *     process is over then
     * @throws RequestException if it was ended by others, or did not start
     */
    <T> T ask(String name, Question question, Answer<T> answer) {
        Future<T> told;
        try {
            told = talk.submit(() -> {
                if (!ready) {
                    awaitReady();
                }
                question.write(out);
                out.flush();
                return answer.read(in);
            });
        } catch (RejectedExecutionException e) {
            throw new RequestException(Problem.UNAVAILABLE, "the server is ending");
        }
        try {
            return told.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            kill();
            Thread.currentThread().interrupt();
            throw interrupted(name, e);
        } catch (TimeoutException e) {
            kill();
            throw new AudioException(
                    AudioException.Reason.LIMIT,
                    name,
                    "nothing decoded for " + patience.toMillis() + " ms",
                    "a recording that is decoded sooner",
                    e);
        } catch (ExecutionException e) {
            throw ended(name, e.getCause());
        }
    }

    private void awaitReady() throws IOException {
        byte word = in.readByte();
        if (word != Wire.READY) {
            throw new IOException("found " + word + "; expected a word that it is ready");
        }
        ready = true;
    }

    /** What a caller throws that is interrupted, and remains so. */
    static AudioException interrupted(String name, InterruptedException e) {
        return new AudioException(
                AudioException.Reason.INTERRUPTED,
                name,
                "an interrupt while it was being decoded",
                "to be left to read on (nothing is known to be wrong with the recording)",
                e);
    }

    private RuntimeException ended(String name, Throwable cause) {
        int status = status();
        kill();
        LOGGER.log(
                System.Logger.Level.WARNING,
                () -> "a decoder's process ended with status " + status + " (" + cause + ")");
        String found = "a decoder that ended with status " + status;
        if (!ready) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "it had not begun; expected one that starts from the server's class path, or decoding in the"
                            + " server's own process");
            return notStarted(name);
        }
        if (status == OUT_OF_MEMORY) {
            return new AudioException(
                    AudioException.Reason.LIMIT, name, "more than memory has room for", "a smaller recording", cause);
        }
        if (status == KILLED) {
            return new RequestException(
                    Problem.BUSY, name + ": found " + found + ", perhaps for another's sake; expected one, in a while");
        }
        return new AudioException(
                AudioException.Reason.DAMAGED, name, found + " on it", "a recording that it reads", cause);
    }

    /** What a recording is refused with that nobody is there to decode: no fault of its own. */
    static RequestException notStarted(String name) {
        return new RequestException(
                Problem.UNAVAILABLE,
                name + ": found no decoder that starts; expected one, in a while (the server's log says more)");
    }

    private int status() {
        try {
            // What says nonsense instead of ending is ended, and counts as if it had done so itself.
            return process.waitFor(END_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : KILLED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return KILLED;
        }
    }

    /** Says what is not answered. To a process that has been ended it need not be said. */
    void tell(byte what) {
        try {
            talk.execute(() -> {
                try {
                    out.writeByte(what);
                    out.flush();
                } catch (IOException e) {
                    kill();
                }
            });
        } catch (RejectedExecutionException e) {
            LOGGER.log(System.Logger.Level.DEBUG, "a decoder was ended before its recording was closed", e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** It has nothing to do from now on. */
    void rests() {
        idleSince = System.nanoTime();
    }

    /** How long it has had nothing to do. */
    long idleNanos() {
        return System.nanoTime() - idleSince;
    }

    /** Ends it, whatever it does. A second call does nothing. */
    void kill() {
        process.destroyForcibly();
        talk.shutdown();
    }
}
