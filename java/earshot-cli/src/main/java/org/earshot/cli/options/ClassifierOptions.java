package org.earshot.cli.options;

import org.earshot.LoadOptions;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import picocli.CommandLine.Mixin;

/** How the commands that classify many recordings compute. */
public final class ClassifierOptions {
    /** Each session has a workspace of its own, hundreds of megabytes at the paper's size. */
    private static final int MOST_SESSIONS = 4;

    @Mixin
    private BackendOption backend;

    @Mixin
    private PrecisionOption precision;

    @Mixin
    private DeviceOption device;

    @Mixin
    private ThreadsOption threads;

    /** Threads that compute, in all. Complains of the options that a model need not be read for. */
    public int threads() {
        device.device();
        return threads.threads();
    }

    /** How many recordings to work on at once. */
    public int sessions(int recordings) {
        return Math.max(1, Math.min(MOST_SESSIONS, Math.min(recordings, threads())));
    }

    /** Sets the choices. */
    public <B extends LoadOptions<B>> B apply(B builder, int recordings) {
        int sessions = sessions(recordings);
        device.device().ifPresent(builder::device);
        return builder.backend(backend.backend())
                .precision(precision.precision())
                .threads(threads() / sessions)
                .sessions(sessions);
    }

    /** Starts the backend, with all threads for one call. */
    public Backend start() {
        return Backends.start(backend.backend(), threads(), precision.precision(), device.device());
    }
}
