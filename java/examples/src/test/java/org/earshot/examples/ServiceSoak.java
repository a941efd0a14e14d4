package org.earshot.examples;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.earshot.AudioClip;
import org.earshot.CallOptions;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.SceneClassifierHolder;
import org.earshot.error.AudioException;

/**
 * Makes many calls as a service does, and watches the memory of the process; {@code tools/test-soak} runs it. Four
 * callers upload a quarter of a second each, as a WAV file in memory. Every thousandth upload is none, which is
 * refused, and ten times the model is replaced while calls run.
 *
 * <p>The first tenth of the calls warms up: compilers, pools and the heap come to their size. Memory is flat if the mean
 * of the resident set over the last tenth is at most 5 % above its mean over the second, and its peak within 512 MiB.
 */
final class ServiceSoak {
    private static final int CALLERS = 4;
    private static final int SAMPLES = 200;
    private static final int TENTH = SAMPLES / 10;
    private static final int REPLACEMENTS = 10;
    private static final int REFUSED = 1000;
    private static final double SECONDS = 0.25;
    private static final double ALLOWED = 1.05;
    private static final double MOST = 512;
    private static final CallOptions PATIENCE = CallOptions.none().withDeadline(Duration.ofMinutes(5));

    private final Path model;
    private final long calls;
    private final byte[] recording;
    private final String label;
    private final SceneClassifierHolder holder;
    private final long start = System.nanoTime();
    private final AtomicLong begun = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();
    /** Kilobytes, one for each 200th of the calls; each is written by the one caller that comes to it. */
    private final long[] resident = new long[SAMPLES];

    private ServiceSoak(Path model, Path recording, long calls) throws Exception {
        this.model = model;
        this.calls = calls;
        this.recording = beginning(recording);
        holder = SceneClassifierHolder.load(SceneClassifier.builder(model));
        label = answer(this.recording);
    }

    private static byte[] beginning(Path recording) throws Exception {
        try (AudioInputStream in = AudioSystem.getAudioInputStream(recording.toFile())) {
            AudioFormat format = in.getFormat();
            AudioInputStream quarter = new AudioInputStream(in, format, (long) (SECONDS * format.getSampleRate()));
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            AudioSystem.write(quarter, AudioFileFormat.Type.WAVE, file);
            return file.toByteArray();
        }
    }

    private String answer(byte[] upload) {
        AudioClip clip = AudioClip.read(upload, "upload");
        return holder.use(classifier -> classifier.classify(clip, RecordingContext.unknown(), PATIENCE))
                .label();
    }

    private Void call() throws IOException {
        long call = begun.getAndIncrement();
        while (call < calls) {
            if (call % REFUSED == REFUSED - 1) {
                refuse();
            } else if (!answer(recording).equals(label)) {
                throw new IllegalStateException("call " + call + " was answered otherwise than the first one");
            } else {
                answered.incrementAndGet();
            }
            if ((call + 1) % (calls / SAMPLES) == 0) {
                sample((int) ((call + 1) / (calls / SAMPLES)));
            }
            if ((call + 1) % (calls / REPLACEMENTS) == 0) {
                holder.replace(SceneClassifier.builder(model));
            }
            call = begun.getAndIncrement();
        }
        return null;
    }

    private void sample(int count) throws IOException {
        resident[count - 1] = kilobytes("VmRSS");
        if (count % TENTH == 0) {
            System.out.printf(
                    Locale.ROOT,
                    "%3d %% of %d calls: %.1f MiB, %.0f s%n",
                    100 * count / SAMPLES,
                    calls,
                    resident[count - 1] / 1024.0,
                    (System.nanoTime() - start) / 1e9);
        }
    }

    private void refuse() {
        try {
            answer("no sound".getBytes(StandardCharsets.UTF_8));
            throw new IllegalStateException("an upload that is no sound was answered");
        } catch (AudioException e) {
            refused.incrementAndGet();
        }
    }

    /** A value of the process in kilobytes: {@code VmRSS}, what is resident, or {@code VmHWM}, the most that ever was. */
    private static long kilobytes(String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private double megabytes(int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += resident[i];
        }
        return sum / (to - from) / 1024;
    }

    private boolean run() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
        try (holder) {
            List<Future<Void>> all = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                all.add(callers.submit(this::call));
            }
            for (Future<Void> one : all) {
                one.get();
            }
            System.out.printf(
                    Locale.ROOT,
                    "%d calls answered, %d refused, %d processors, %s%n",
                    answered.get(),
                    refused.get(),
                    Runtime.getRuntime().availableProcessors(),
                    holder.use(SceneClassifier::backend));
        } finally {
            callers.shutdownNow();
        }
        double warm = megabytes(TENTH, 2 * TENTH);
        double end = megabytes(SAMPLES - TENTH, SAMPLES);
        double peak = kilobytes("VmHWM") / 1024.0;
        System.out.printf(
                Locale.ROOT,
                "resident: %.1f MiB once warm, %.1f MiB at the end, %+.1f %%; %.1f MiB at most%n",
                warm,
                end,
                100 * (end / warm - 1),
                peak);
        return end <= ALLOWED * warm && peak <= MOST;
    }

    /**
     * Makes the calls.
     *
     * @param args the model directory, a WAV file, and how many calls: a multiple of 2000, of which
     *     every share that is counted is whole
     */
    public static void main(String[] args) throws Exception {
        if (!new ServiceSoak(Path.of(args[0]), Path.of(args[1]), Long.parseLong(args[2])).run()) {
            System.out.println("too much: expected at most 5 % more at the end, and 512 MiB at most");
            System.exit(1);
        }
    }
}
