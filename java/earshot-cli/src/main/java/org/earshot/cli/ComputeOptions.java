package org.earshot.cli;

import org.earshot.SceneClassifier;
import org.earshot.backend.Backend;
import org.earshot.backend.Backends;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say what computes. */
final class ComputeOptions {
    /** Each session has a workspace of its own, hundreds of megabytes at the paper's size. */
    private static final int MOST_SESSIONS = 4;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = Backends.AUTO,
            description = "What computes; 'earshot --version' lists them. Default: ${DEFAULT-VALUE}, the best that"
                    + " starts.")
    private String backend;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, in all. Default: as many as there are processors.")
    private Integer threads;

    @Mixin
    private PrecisionOption precision;

    /** Threads in all. */
    int threads() {
        if (threads != null && threads < 1) {
            throw new ParameterException(spec.commandLine(), "--threads: found " + threads + "; expected at least 1");
        }
        return threads == null ? Backends.defaultThreads() : threads;
    }

    /** How many recordings to work on at once: each on a thread of its own, while there are threads. */
    int sessions(int recordings) {
        return Math.max(1, Math.min(MOST_SESSIONS, Math.min(recordings, threads())));
    }

    /** Starts the backend with all threads. */
    Backend start() {
        return Backends.start(backend, threads(), precision.precision());
    }

    /** Makes a classifier compute so, with its threads spread over sessions. */
    SceneClassifier.Builder apply(SceneClassifier.Builder builder, int sessions) {
        return builder.backend(backend)
                .precision(precision.precision())
                .threads(Math.max(1, threads() / sessions))
                .sessions(sessions);
    }
}
