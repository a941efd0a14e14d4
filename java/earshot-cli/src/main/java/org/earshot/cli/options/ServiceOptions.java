package org.earshot.cli.options;

import java.time.Duration;
import org.earshot.server.EarshotServer;
import org.earshot.server.service.Limits;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a server computes, and what requests may take of it. */
public final class ServiceOptions {
    private static final int MEBIBYTE = 1 << 20;
    private static final int MOST_MEBIBYTES = 1024;
    /** Each has a thread. */
    private static final int MOST_STREAMS = 4096;

    private static final double DAY = Duration.ofDays(1).toSeconds();
    private static final double MILLISECONDS = 1e3;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Mixin
    private BackendOption backend;

    @Mixin
    private PrecisionOption precision;

    @Mixin
    private DeviceOption device;

    @Mixin
    private ThreadsOption threads;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "8",
            description = "Recordings of different requests computed at once. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--batch-delay",
            paramLabel = "MS",
            defaultValue = "2",
            description = "How long one waits for others, in milliseconds. Default: ${DEFAULT-VALUE}.")
    private double batchDelay;

    @Option(
            names = "--queue",
            paramLabel = "N",
            defaultValue = "64",
            description = "Recordings that may wait, of each model; further ones are told that the server is busy."
                    + " Default: ${DEFAULT-VALUE}.")
    private int queue;

    @Option(
            names = "--max-body",
            paramLabel = "MIB",
            defaultValue = "64",
            description = "Largest request, in MiB, at most 1024. Default: ${DEFAULT-VALUE}.")
    private int maxBody;

    @Option(
            names = "--max-sound",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description = "Longest recording. Default: ${DEFAULT-VALUE}.")
    private double maxSound;

    @Option(
            names = "--max-recordings",
            paramLabel = "N",
            defaultValue = "64",
            description = "Recordings in one request. Default: ${DEFAULT-VALUE}.")
    private int maxRecordings;

    @Option(
            names = "--max-streams",
            paramLabel = "N",
            defaultValue = "16",
            description = "Streams of live sound at once. Default: ${DEFAULT-VALUE}.")
    private int maxStreams;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "Longest that a request may take; a client may ask for less. Default: ${DEFAULT-VALUE}.")
    private double timeout;

    @Option(
            names = "--decode-in-process",
            description =
                    "Decode all formats in the server's own process, which a crash of FFmpeg then ends; by default"
                            + " all but plain WAV is decoded in processes of its own.")
    private boolean decodeInProcess;

    @Option(
            names = "--drain",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "What requests that have begun may take when the server ends. Default: ${DEFAULT-VALUE}.")
    private double drain;

    /** Makes the choices with a server's builder. */
    public EarshotServer.Builder apply(EarshotServer.Builder builder) {
        if (decodeInProcess) {
            builder.decodeInProcess();
        }
        return builder.loading(model -> {
                    device.device().ifPresent(model::device);
                    return model.backend(backend.backend())
                            .precision(precision.precision())
                            .threads(threads.threads());
                })
                .threads(threads.threads())
                .batching(
                        atLeast(1, "--batch", batch),
                        Duration.ofNanos(Math.round(between(0, "--batch-delay", batchDelay, DAY) * 1e6)),
                        atLeast(0, "--queue", queue))
                .limits(new Limits(
                        count("--max-body", maxBody, 1, MOST_MEBIBYTES) * MEBIBYTE,
                        seconds("--max-sound", maxSound),
                        seconds("--timeout", timeout),
                        atLeast(1, "--max-recordings", maxRecordings),
                        count("--max-streams", maxStreams, 0, MOST_STREAMS)))
                .drain(seconds("--drain", drain));
    }

    private int atLeast(int least, String option, int value) {
        if (value < least) {
            throw wrong(option, Integer.toString(value), "at least " + least);
        }
        return value;
    }

    private int count(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw wrong(option, Integer.toString(value), least + " to " + most);
        }
        return value;
    }

    private double between(double least, String option, double value, double most) {
        // Written so that NaN fails too.
        if (!(value >= least && value <= most)) {
            throw wrong(option, Double.toString(value), "a number from " + least + " to " + most);
        }
        return value;
    }

    private Duration seconds(String option, double value) {
        return Duration.ofMillis(Math.round(between(1 / MILLISECONDS, option, value, DAY) * MILLISECONDS));
    }

    private ParameterException wrong(String option, String found, String expected) {
        return new ParameterException(spec.commandLine(), option + ": found " + found + "; expected " + expected);
    }
}
