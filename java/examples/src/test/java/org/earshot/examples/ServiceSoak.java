package org.earshot.examples;

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
 * <p>The first tenth of the calls warms up. Memory is flat if at most 5 % more is resident over the last tenth, on
 * average, than over the second, and at most 5 % more is live on the heap at the end than after the second tenth (and a
 * megabyte, which the calls that run meanwhile may hold); and at most 512 MiB were ever resident. The heap is to be
 * resident from the start ({@code -Xms}, {@code AlwaysPreTouch}): otherwise it grows to its limit by collections that
 * did not come yet, and nobody sees what grows beside it.
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
    /** Megabytes that the calls which run at that moment hold, more or less. */
    private static final double IN_CALLS = 1;

    private static final int COLLECTIONS = 10;
    private static final double MEGABYTE = 1 << 20;
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
    /** Live megabytes on the heap, one for each tenth of the calls. */
    private final double[] live = new double[SAMPLES / TENTH];

    private ServiceSoak(Path model, Path recording, long calls) throws Exception {
        this.model = model;
        this.calls = calls;
        this.recording = Samples.beginning(recording, SECONDS);
        holder = SceneClassifierHolder.load(SceneClassifier.builder(model));
        label = answer(this.recording);
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
            live[count / TENTH - 1] = live();
            System.out.printf(
                    Locale.ROOT,
                    "%3d %% of %d calls: %.1f MiB resident, %.2f MiB live on the heap, %.0f s%n",
                    100 * count / SAMPLES,
                    calls,
                    resident[count - 1] / 1024.0,
                    live[count / TENTH - 1],
                    (System.nanoTime() - start) / 1e9);
        }
    }

    /** What collections leave: the least of several, as the other callers allocate meanwhile. */
    private static double live() {
        Runtime runtime = Runtime.getRuntime();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least / MEGABYTE;
    }

    private void refuse() {
        try {
            answer("no sound".getBytes(StandardCharsets.UTF_8));
            throw new IllegalStateException("an upload that is no sound was answered");
        } catch (AudioException e) {
            refused.incrementAndGet();
        }
    }

    /**
     * A value of the process in kilobytes: {@code VmRSS}, what is resident, or {@code VmHWM}, the most that ever was.
     */
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
        double liveWarm = live[1];
        double liveEnd = live[live.length - 1];
        double peak = kilobytes("VmHWM") / 1024.0;
        System.out.printf(
                Locale.ROOT,
                "once warm and at the end: %.1f and %.1f MiB resident (%+.1f %%), %.2f and %.2f MiB live (%+.1f %%);"
                        + " %.1f MiB resident at most%n",
                warm,
                end,
                100 * (end / warm - 1),
                liveWarm,
                liveEnd,
                100 * (liveEnd / liveWarm - 1),
                peak);
        return end <= ALLOWED * warm && liveEnd <= ALLOWED * liveWarm + IN_CALLS && peak <= MOST;
    }

    /**
     * Makes the calls.
     *
     * @param args the model directory, a WAV file, and how many calls: a multiple of 2000, of which every share that is
     *     counted is whole
     */
    public static void main(String[] args) throws Exception {
        if (!new ServiceSoak(Path.of(args[0]), Path.of(args[1]), Long.parseLong(args[2])).run()) {
            System.out.println("too much: expected at most 5 % more at the end, and 512 MiB at most");
            System.exit(1);
        }
    }
}
