package org.earshot.cli.options;

import picocli.CommandLine.Option;

/** The option that chooses JSON in place of tables. */
public final class JsonOption {
    @Option(names = "--json", description = "Print JSON in place of tables: one object a line.")
    private boolean asked;

    /** Whether JSON is to be printed. */
    public boolean asked() {
        return asked;
    }
}
