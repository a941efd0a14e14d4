package org.earshot.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.earshot.EarshotException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code earshot}. */
@Command(
        name = "earshot",
        mixinStandardHelpOptions = true,
        description = "Tells in what kind of place a recording was made.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ClassifyCommand.class,
            FeaturesCommand.class,
            PseudoLabelCommand.class,
            EvaluateCommand.class,
            SplitCommand.class,
            InspectCommand.class,
            ConvertCommand.class,
            SummaryCommand.class,
            ParityCommand.class,
            BenchCommand.class,
            AutoComplete.GenerateCompletion.class
        },
        versionProvider = VersionProvider.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:all went well", "1:something failed; the standard error says what", "2:wrong usage"},
        footer = {
            "",
            "Example:",
            "  earshot classify street.wav --city \"Xi'an\" --time 2023-06-18T18:44",
            "  earshot COMMAND --help"
        })
public final class Main implements Runnable {
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

    private Main(Console console) {
        this.console = console;
    }

    /**
     * Runs a command and ends the process with its exit code: 0 if all went well, 1 if something failed, 2 for wrong
     * usage.
     *
     * @param args the command's name, its options and arguments
     */
    public static void main(String[] args) {
        PrintWriter out = writer(FileDescriptor.out);
        PrintWriter err = writer(FileDescriptor.err);
        int code = run(args, out, err);
        out.flush();
        err.flush();
        System.exit(code);
    }

    /** UTF-8 whatever the locale: file names and labels must survive a pipe. */
    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }

    /**
     * Runs a command.
     *
     * @param args the command's name, its options and arguments
     * @param out takes the result
     * @param err takes everything else
     * @return the exit code
     */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        Console console = new Console(out, err);
        Main main = new Main(console);
        CommandLine line = new CommandLine(main)
                .setOut(out)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((e, arguments) -> usageError(console, e))
                .setExecutionExceptionHandler((e, command, result) -> {
                    main.report(e);
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .setExecutionStrategy(result -> {
                    Logs.direct(console, main.verbose);
                    return new CommandLine.RunLast().execute(result);
                });
        return line.execute(args);
    }

    private static int usageError(Console console, ParameterException e) {
        console.say(
                e.getMessage() + " (see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help')");
        return CommandLine.ExitCode.USAGE;
    }

    /** Tells the user of a failure. */
    void report(Exception e) {
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
