package org.earshot.cli.commands;

import java.util.concurrent.Callable;
import org.earshot.cli.output.Console;
import org.earshot.error.EarshotException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What all commands share: where they print, and how they complain. */
@Command(mixinStandardHelpOptions = true, versionProvider = VersionProvider.class)
abstract class Subcommand implements Callable<Integer> {
    /** Exit code of a command that did all it was asked for. */
    static final int DONE = CommandLine.ExitCode.OK;

    /** Exit code of a command that failed in a part. */
    static final int FAILED = CommandLine.ExitCode.SOFTWARE;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private EarshotCommand earshot;

    final Console console() {
        return earshot.console();
    }

    /** Whether more of what happens is to be said. */
    final boolean verbose() {
        return earshot.verbose();
    }

    /** Reports a failure after which the command goes on. */
    final void report(Exception e) {
        earshot.report(e);
    }

    /** Does a part of the work whose failure is reported and keeps the command from nothing else. */
    final boolean tried(Runnable part) {
        try {
            part.run();
            return true;
        } catch (EarshotException e) {
            report(e);
            return false;
        }
    }

    final CommandLine commandLine() {
        return spec.commandLine();
    }

    final ParameterException usageError(String message) {
        return new ParameterException(commandLine(), message);
    }
}
