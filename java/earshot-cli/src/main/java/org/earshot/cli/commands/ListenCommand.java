package org.earshot.cli.commands;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.earshot.SceneClassifier;
import org.earshot.ScenePrediction;
import org.earshot.SceneStream;
import org.earshot.StreamWindow;
import org.earshot.cli.input.LiveSource;
import org.earshot.cli.input.Microphone;
import org.earshot.cli.input.SampleFormat;
import org.earshot.cli.options.BackendOption;
import org.earshot.cli.options.ContextOptions;
import org.earshot.cli.options.ModelOption;
import org.earshot.cli.options.SmoothingOptions;
import org.earshot.cli.options.ThreadsOption;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Progress;
import org.earshot.cli.output.SegmentColumns;
import org.earshot.cli.output.Text;
import org.earshot.files.IoReason;
import org.earshot.segmentation.SceneSegment;
import org.earshot.segmentation.SegmentListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Tells the scene of live sound. */
@Command(
        name = "listen",
        description = "Tells the scene of live sound: a line whenever it changes.",
        footer = {
            "",
            "A line has the time since the beginning, the scene, and its mean probability so far. On a terminal the"
                    + " last line shows each window's answer. It ends with the input, or on Ctrl-C.",
            "",
            "Examples:",
            "  earshot listen",
            "  ffmpeg -v error -i rtsp://camera/audio -f s16le -ac 1 -ar 48000 - | \\",
            "    earshot listen --stdin"
        })
final class ListenCommand extends Subcommand {
    private static final double NANOSECONDS = 1e9;
    /** What is read at once, in parts of a second. */
    private static final int PIECES_A_SECOND = 50;

    @Mixin
    private ModelOption model;

    @Mixin
    private ContextOptions context;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "Microphone, by a part of its name; a wrong one lists them. Default: the system's.")
    private String device;

    @Option(names = "--stdin", description = "Listen to the standard input instead of a microphone.")
    private boolean standardInput;

    @Option(
            names = "--rate",
            paramLabel = "HZ",
            defaultValue = "48000",
            description = "Samples a second, of the microphone or of the standard input. Default: ${DEFAULT-VALUE}.")
    private int rate;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "s16le",
            description = "Samples of the standard input, mono, little endian: s16le (16 bit) or f32le (float)."
                    + " Default: ${DEFAULT-VALUE}.")
    private SampleFormat format;

    @Option(
            names = "--hop",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "How often there is an answer. Default: ${DEFAULT-VALUE}.")
    private double hop;

    @Mixin
    private SmoothingOptions smoothing;

    @Mixin
    private BackendOption backend;

    @Mixin
    private ThreadsOption threads;

    @Option(
            names = {"-q", "--quiet"},
            description = "Do not say which model and backend are used, nor what was left out.")
    private boolean quiet;

    @Override
    public Integer call() {
        if (!standardInput && format != SampleFormat.S16LE) {
            throw usageError("--format is of the standard input; a microphone gives s16le");
        }
        if (standardInput && device != null) {
            throw usageError("--device chooses a microphone; with --stdin there is none");
        }
        if (context.metadata().isPresent()) {
            throw usageError("--metadata is for files; of live sound, --city and --time say where and when");
        }
        // Written so that NaN fails too. A day is far beyond any window.
        if (!(hop > 0 && hop <= Duration.ofDays(1).toSeconds())) {
            throw usageError("--hop: found " + hop + "; expected a positive number of seconds");
        }
        try (SceneClassifier classifier = SceneClassifier.builder(model.directory())
                        .backend(backend.backend())
                        .threads(threads.threads())
                        .sessions(1)
                        .load();
                LiveSource source = standardInput ? new StandardInput(System.in) : Microphone.open(device, rate);
                SceneStream stream = open(classifier)) {
            if (!quiet) {
                console().say("model " + model.directory() + ": " + classifier);
            }
            listen(source, stream);
        }
        return DONE;
    }

    private record StandardInput(InputStream in) implements LiveSource {
        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return in.read(bytes, offset, length);
        }

        @Override
        public void close() {
            // The process's.
        }
    }

    private SceneStream open(SceneClassifier classifier) {
        SceneStream.Builder<ScenePrediction> builder =
                classifier.stream(context.common(), rate).smoothing(smoothing.segmentation());
        if (!standardInput) {
            // A microphone does not wait; a pipe does.
            builder.dropWhenBusy();
        }
        try {
            builder.hop(Duration.ofNanos(Math.round(hop * NANOSECONDS)));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(commandLine(), "--hop: " + e.getMessage(), e);
        }
        boolean shown = Progress.errorsGoToTerminal();
        return builder.open(
                window -> {
                    if (shown) {
                        console().status(status(window));
                    }
                },
                new SegmentListener() {
                    @Override
                    public void began(SceneSegment soFar) {
                        console().result(line(soFar));
                    }

                    @Override
                    public void ended(SceneSegment segment) {
                        // The next one's beginning says so.
                    }
                });
    }

    private static String line(SceneSegment segment) {
        return String.format(
                Locale.ROOT,
                "%s  %s  %.3f%n",
                SegmentColumns.clock(segment.start()),
                Text.visible(segment.label()),
                segment.probability());
    }

    private static String status(StreamWindow<ScenePrediction> window) {
        return String.format(
                Locale.ROOT,
                "%s  %s  %.3f",
                SegmentColumns.clock(window.end()),
                Text.visible(window.prediction().label()),
                window.prediction().probability());
    }

    /** Until the input ends, or the process is told to: what was heard by then is answered. */
    private void listen(LiveSource source, SceneStream stream) {
        AtomicBoolean over = new AtomicBoolean();
        Runnable end = () -> {
            if (!over.getAndSet(true)) {
                stream.flush();
                console().status("");
                if (stream.dropped() > 0 && !quiet) {
                    console()
                            .say(stream.dropped() + " windows were left out: this machine is too slow for --hop "
                                    + hop);
                }
            }
        };
        Thread onSignal = new Thread(end);
        Runtime.getRuntime().addShutdownHook(onSignal);
        ByteBuffer bytes = ByteBuffer.allocate(Math.max(1, rate / PIECES_A_SECOND) * format.bytes());
        try {
            for (int read = 0; read >= 0 && !over.get(); ) {
                format.push(stream, bytes.flip());
                bytes.compact();
                read = source.read(bytes.array(), bytes.position(), bytes.remaining());
                bytes.position(bytes.position() + Math.max(0, read));
            }
            end.run();
        } catch (IOException e) {
            throw new CommandException("standard input", "an I/O error (" + IoReason.of(e) + ")", "samples", e);
        } finally {
            removeHook(onSignal);
        }
    }

    private static void removeHook(Thread onSignal) {
        try {
            Runtime.getRuntime().removeShutdownHook(onSignal);
        } catch (IllegalStateException e) {
            // The hook runs: it ends what there is to end, and the process with it.
            joinForever(onSignal);
        }
    }

    private static void joinForever(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
