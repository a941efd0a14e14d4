package org.earshot.cli.options;

import org.earshot.backend.choice.Backends;
import picocli.CommandLine.Option;

/** The option that names what computes. */
public final class BackendOption {
    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = Backends.AUTO,
            description = "What computes; 'earshot --version' lists them. Default: ${DEFAULT-VALUE}, the best that"
                    + " starts.")
    private String backend;

    /** Its name, or {@code auto}. */
    public String backend() {
        return backend;
    }
}
