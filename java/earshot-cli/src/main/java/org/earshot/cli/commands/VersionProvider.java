package org.earshot.cli.commands;

import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.choice.Backends;
import picocli.CommandLine.IVersionProvider;

/** Tells what is running: what a report of a fault should begin with. */
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
        // Written into the jar's manifest; classes run from elsewhere have none.
        String version = VersionProvider.class.getPackage().getImplementationVersion();
        List<String> lines = new ArrayList<>();
        lines.add("earshot " + (version == null ? "(not from a jar)" : version));
        lines.add("Java " + System.getProperty("java.runtime.version") + ", " + System.getProperty("java.vm.name")
                + ", " + System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        for (Backends.Status status : Backends.status()) {
            lines.add("backend " + status.name() + ": " + (status.starts() ? "" : "does not start: ")
                    + status.description());
        }
        // Picocli takes % for the start of a format.
        return lines.stream().map(line -> line.replace("%", "%%")).toArray(String[]::new);
    }
}
