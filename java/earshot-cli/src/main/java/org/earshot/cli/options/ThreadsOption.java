package org.earshot.cli.options;

import org.earshot.backend.choice.Backends;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that says how many threads compute. */
public final class ThreadsOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that compute, in all. Default: as many as there are processors.")
    private Integer threads;

    /** Threads that compute, in all. */
    public int threads() {
        if (threads != null && (threads < 1 || threads > Backends.MOST_THREADS)) {
            throw new ParameterException(
                    spec.commandLine(), "--threads: found " + threads + "; expected 1 to " + Backends.MOST_THREADS);
        }
        return threads == null ? Backends.defaultThreads() : threads;
    }
}
