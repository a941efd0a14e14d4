package org.earshot.cli.commands;

import org.earshot.cli.output.Console;
import org.earshot.error.EarshotException;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code earshot}: all others are its subcommands, and take its options. */
@Command(
        name = "earshot",
        mixinStandardHelpOptions = true,
        description = "Tells in what kind of place a recording was made.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ClassifyCommand.class,
            ListenCommand.class,
            FeaturesCommand.class,
            PseudoLabelCommand.class,
            EvaluateCommand.class,
            SplitCommand.class,
            InspectCommand.class,
            ConvertCommand.class,
            SummaryCommand.class,
            ParityCommand.class,
            BenchCommand.class,
            HelpCommand.class,
            AutoComplete.GenerateCompletion.class
        },
        versionProvider = VersionProvider.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all went well",
            "1:something failed; the standard error says what",
            "2:wrong usage",
            "141:nobody reads the standard output any more"
        },
        footer = {
            "",
            "Example:",
            "  earshot classify street.wav --city \"Xi'an\" --time 2023-06-18T18:44",
            "  earshot COMMAND --help"
        })
public final class EarshotCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-v", "--verbose"},
            scope = ScopeType.INHERIT,
            description = "Say more of what happens, and give errors with their stack traces.")
    private boolean verbose;

    @Option(names = "--stacktrace", scope = ScopeType.INHERIT, description = "Give errors with their stack traces.")
    private boolean stackTrace;

    private final Console console;

    /** All commands print to one console. */
    public EarshotCommand(Console console) {
        this.console = console;
    }

    /** Whether more of what happens is to be said. */
    public boolean verbose() {
        return verbose;
    }

    /** Tells the user of a failure. */
    public void report(Exception e) {
        console.say(
                e instanceof EarshotException
                        ? e.getMessage()
                        : "unexpected " + e + (verbose || stackTrace ? "" : " (--stacktrace shows where)"));
        if (verbose || stackTrace) {
            console.stackTrace(e);
        }
    }

    Console console() {
        return console;
    }

    /** Without a command there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "which command? One of " + String.join(", ", spec.subcommands().keySet()));
    }
}
