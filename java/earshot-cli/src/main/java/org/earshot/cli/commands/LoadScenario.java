package org.earshot.cli.commands;

import static org.earshot.cli.output.Layout.Column.NUMBER;
import static org.earshot.cli.output.Layout.Column.TEXT;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Random;
import org.earshot.AudioClip;
import org.earshot.CallOptions;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.cli.output.Json;
import org.earshot.cli.output.Layout;
import org.earshot.features.FeatureParameters;
import org.earshot.files.FileDigest;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The load that {@code bench} puts on a classifier as a service would, from recordings to answers. */
final class LoadScenario {
    private static final double WARM_UP = 0.4;
    private static final int SEARCH_STEPS = 5;
    private static final Duration BATCH_DELAY = Duration.ofMillis(5);

    /** Each is a thread: beyond, the machine is measured and not the classifier, if it survives. */
    private static final int MOST_CALLERS = 10_000;

    private static final int MOST_STREAMS = 100_000;

    /** Who calls. */
    enum Kind {
        /** One caller, one call after another. */
        SINGLE,
        /** Several callers, each one call after another. */
        MULTI,
        /** Calls that come at random. */
        SERVER,
        /** Many recordings in one call. */
        OFFLINE,
        /** Live sound of many sources. */
        STREAMS
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--scenario",
            paramLabel = "single|multi|server|offline|streams",
            description =
                    "Measures a classifier as a service sees it, from recordings in memory to answers: one caller;"
                            + " several; calls that come at random; many recordings in one call; many streams of live sound.")
    private Kind kind;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            description = "Callers of 'multi' (default: 8), recordings of a call of 'offline' (default: 64).")
    private Integer concurrency;

    @Option(names = "--rate", paramLabel = "R", description = "Calls a second of 'server', on average.")
    private Double rate;

    @Option(
            names = "--p99",
            paramLabel = "MS",
            description = "Looks for the highest rate of 'server' at which 99 of 100 calls take no longer.")
    private Double bound;

    @Option(names = "--streams", paramLabel = "N", description = "Streams of 'streams'. Default: 100.")
    private Integer streams;

    @Option(
            names = "--hop",
            paramLabel = "SECONDS",
            description = "Between two answers of a stream. Default: a second, or the model's clip if that is shorter.")
    private Double hop;

    /** The machine while it was measured. */
    private record Machine(double load, OptionalDouble megahertz) {
        static Machine now() {
            return new Machine(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(), clock());
        }

        /** The processors' clock as Linux tells it, on average. */
        private static OptionalDouble clock() {
            try {
                return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                        .filter(line -> line.startsWith("cpu MHz"))
                        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1)))
                        .average();
            } catch (IOException e) {
                return OptionalDouble.empty(); // Not Linux.
            }
        }
    }

    /** What was measured; {@code arrivals} is the rate of 'server', {@code served} the sound of 'streams'. */
    private record Result(
            SceneClassifier classifier,
            Duration ready,
            int concurrency,
            int recordings,
            OptionalDouble arrivals,
            OptionalDouble served,
            ServiceLoad.Figures figures,
            Machine before,
            Machine after) {
        double recordingsPerSecond() {
            return figures.callsPerSecond() * recordings;
        }
    }

    /** Whether a load is asked for. */
    boolean asked() {
        return kind != null;
    }

    /** Complains of options that do not go together. */
    void check() {
        boolean server = kind == Kind.SERVER;
        if (!server && (rate != null || bound != null)) {
            throw refused("--rate and --p99 go with --scenario server");
        }
        if (server && (rate == null) == (bound == null)) {
            throw refused("--scenario server: expected either --rate or --p99");
        }
        if (kind != Kind.STREAMS && (streams != null || hop != null)) {
            throw refused("--streams and --hop go with --scenario streams");
        }
        requireCount("--streams", streams, MOST_STREAMS);
        requirePositive("--hop", hop);
        if (concurrency != null && (kind != Kind.MULTI && kind != Kind.OFFLINE)) {
            throw refused("--concurrency goes with --scenario multi or offline");
        }
        requireCount("--concurrency", concurrency, MOST_CALLERS);
        requirePositive("--rate", rate);
        requirePositive("--p99", bound);
    }

    private void requireCount(String option, Integer count, int most) {
        if (count != null && (count < 1 || count > most)) {
            throw refused(option + ": found " + count + "; expected 1 to " + most);
        }
    }

    private void requirePositive(String option, Double value) {
        // Written so that NaN fails too.
        if (value != null && !(value > 0 && value < Double.POSITIVE_INFINITY)) {
            throw refused(option + ": found " + value + "; expected a positive number");
        }
    }

    private ParameterException refused(String complaint) {
        return new ParameterException(spec.commandLine(), complaint);
    }

    /** Callers at once, whose number decides on the sessions. */
    int callers() {
        return kind == Kind.MULTI ? count() : kind == Kind.SERVER || kind == Kind.STREAMS ? Integer.MAX_VALUE : 1;
    }

    private int count() {
        return concurrency != null ? concurrency : kind == Kind.OFFLINE ? 64 : kind == Kind.MULTI ? 8 : 1;
    }

    /**
     * Loads the classifier, warms it up, and measures.
     *
     * @param builder of the classifier
     * @param batch windows that calls are computed together in, 1 for each alone
     * @param parameters of the clips' features, of which their length is one
     * @param duration how long to measure
     * @return the text to print
     */
    String run(
            SceneClassifier.Builder builder, int batch, FeatureParameters parameters, Duration duration, boolean json) {
        if (batch > 1) {
            builder.batching(batch, BATCH_DELAY, Integer.MAX_VALUE / 2);
        }
        long begun = System.nanoTime();
        try (SceneClassifier classifier = builder.warmUp(true).load()) {
            Duration ready = Duration.ofNanos(System.nanoTime() - begun);
            AudioClip clip = AudioClip.of(noise(parameters.windowSamples()), parameters.sampleRate());
            Duration warmUp = Duration.ofNanos((long) (WARM_UP * duration.toNanos()));
            Result result = measure(classifier, ready, clip, warmUp, duration.minus(warmUp));
            return json ? json(result, batch) : table(result);
        }
    }

    private static float[] noise(int samples) {
        Random random = new Random(1);
        float[] pcm = new float[samples];
        for (int i = 0; i < samples; i++) {
            pcm[i] = (float) (0.1 * random.nextGaussian());
        }
        return pcm;
    }

    private Result measure(
            SceneClassifier classifier, Duration ready, AudioClip clip, Duration warmUp, Duration duration) {
        if (kind == Kind.STREAMS) {
            return measureStreams(classifier, ready, clip, warmUp, duration);
        }
        RecordingContext nowhere = RecordingContext.unknown();
        Runnable one = () -> classifier.classify(clip, nowhere);
        int recordings = kind == Kind.OFFLINE ? count() : 1;
        List<AudioClip> all = Collections.nCopies(recordings, clip);
        List<RecordingContext> contexts = Collections.nCopies(recordings, nowhere);
        int callers = kind == Kind.MULTI ? count() : 1;
        // As many as the sessions take, whatever is measured later.
        ServiceLoad.Figures warm = ServiceLoad.closed(Math.max(callers, classifier.sessions()), warmUp, one);
        Machine before = Machine.now();
        OptionalDouble arrivals = OptionalDouble.empty();
        ServiceLoad.Figures figures =
                switch (kind) {
                    case SINGLE, MULTI -> ServiceLoad.closed(callers, duration, one);
                    case OFFLINE -> ServiceLoad.closed(1, duration, () -> classifier.classifyAll(all, contexts));
                    case SERVER -> {
                        arrivals = OptionalDouble.of(
                                rate != null
                                        ? rate
                                        : ServiceLoad.highestRate(
                                                bound,
                                                warm.callsPerSecond(),
                                                SEARCH_STEPS,
                                                tried -> server(classifier, clip, tried, duration)));
                        yield server(classifier, clip, arrivals.getAsDouble(), duration);
                    }
                    case STREAMS -> throw new IllegalStateException("measured apart");
                };
        return new Result(
                classifier,
                ready,
                callers,
                recordings,
                arrivals,
                OptionalDouble.empty(),
                figures,
                before,
                Machine.now());
    }

    private Result measureStreams(
            SceneClassifier classifier, Duration ready, AudioClip clip, Duration warmUp, Duration duration) {
        int count = streams == null ? 100 : streams;
        try (StreamLoad load = new StreamLoad(classifier, count, hop(clip), clip.pcm(), clip.sampleRate())) {
            Machine before = Machine.now();
            OptionalDouble served = OptionalDouble.of(load.served(warmUp));
            ServiceLoad.Figures figures = load.live(duration);
            return new Result(
                    classifier, ready, count, 1, OptionalDouble.empty(), served, figures, before, Machine.now());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--hop: " + e.getMessage(), e);
        }
    }

    private Duration hop(AudioClip clip) {
        double length = clip.duration().toNanos() / 1e9;
        return Duration.ofNanos(Math.round(1e9 * (hop == null ? Math.min(1, length) : hop)));
    }

    private static ServiceLoad.Figures server(
            SceneClassifier classifier, AudioClip clip, double rate, Duration duration) {
        return ServiceLoad.open(
                rate, duration, () -> classifier.classifyAsync(clip, RecordingContext.unknown(), CallOptions.none()));
    }

    private String name() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private String table(Result result) {
        StringBuilder text = new StringBuilder();
        boolean live = kind == Kind.STREAMS;
        text.append(String.format(
                Locale.ROOT,
                "%s: %s, %s, %d " + (live ? "answers" : "calls") + " in %.1f s%n%n",
                name(),
                result.classifier.backend(),
                result.classifier.sessions() == 1 ? "one session" : result.classifier.sessions() + " sessions",
                result.figures.times().getTotalCount(),
                result.figures.seconds()));
        Layout summary = new Layout(TEXT, NUMBER, TEXT);
        result.arrivals.ifPresent(perSecond ->
                summary.add(bound == null ? "calls come" : "highest rate that holds", number(perSecond), "a second"));
        if (live) {
            summary.add("streams", Integer.toString(result.concurrency), "");
            summary.add("sound served at most", number(result.served.getAsDouble()), "seconds a second");
            summary.add("age of answers:", "", "");
        }
        summary.add("median", number(result.figures.percentile(50)), "ms");
        summary.add("90th percentile", number(result.figures.percentile(90)), "ms");
        summary.add("99th percentile", number(result.figures.percentile(99)), "ms");
        summary.add("99.9th percentile", number(result.figures.percentile(99.9)), "ms");
        summary.add("longest", number(result.figures.percentile(100)), "ms");
        summary.add((live ? "answers" : "recordings") + " per second", number(result.recordingsPerSecond()), "");
        summary.add("time to ready", number(result.ready.toNanos() / 1e6), "ms");
        summary.add("load of the machine", number(result.before.load), "before");
        return text.append(summary).append('\n').toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private String json(Result result, int batch) {
        return Json.line(out -> {
            out.writeStringField("scenario", name());
            out.writeStringField("model_digest", result.classifier.modelDigest());
            out.writeStringField("library_digest", libraryDigest(result.classifier.backend()));
            out.writeStringField("backend", result.classifier.backend());
            out.writeNumberField("sessions", result.classifier.sessions());
            out.writeNumberField("batch", batch);
            out.writeNumberField("callers", result.concurrency);
            out.writeNumberField("recordings_per_call", result.recordings);
            write(out, "rate", result.arrivals);
            write(out, "sound_seconds_per_second", result.served);
            out.writeNumberField("calls", result.figures.times().getTotalCount());
            out.writeNumberField("seconds", result.figures.seconds());
            out.writeNumberField("recordings_per_second", result.recordingsPerSecond());
            out.writeNumberField("latency_ms_mean", result.figures.times().getMean() / 1e6);
            out.writeNumberField("latency_ms_median", result.figures.percentile(50));
            out.writeNumberField("latency_ms_p90", result.figures.percentile(90));
            out.writeNumberField("latency_ms_p99", result.figures.percentile(99));
            out.writeNumberField("latency_ms_p999", result.figures.percentile(99.9));
            out.writeNumberField("latency_ms_max", result.figures.percentile(100));
            out.writeNumberField("ready_ms", result.ready.toNanos() / 1e6);
            out.writeNumberField("processors", Runtime.getRuntime().availableProcessors());
            out.writeNumberField("load_before", result.before.load);
            out.writeNumberField("load_after", result.after.load);
            write(out, "mhz_before", result.before.megahertz);
            write(out, "mhz_after", result.after.megahertz);
        });
    }

    private static void write(JsonGenerator out, String field, OptionalDouble value) throws IOException {
        if (value.isPresent()) {
            out.writeNumberField(field, value.getAsDouble());
        } else {
            out.writeNullField(field);
        }
    }

    /** SHA-256 of the native library that a backend runs, null for plain Java. */
    private static String libraryDigest(String backend) {
        String name = backend.substring(0, Math.max(0, backend.indexOf('[')));
        String resource = "org/earshot/backend/" + name + "/linux-x86_64/libearshot_" + name + ".so";
        // As a module, the native jar is another than the class's, in which alone it would look.
        try (InputStream library = SceneClassifier.class.getClassLoader().getResourceAsStream(resource)) {
            return library == null
                    ? null
                    : HexFormat.of().formatHex(FileDigest.sha256().digest(library.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
