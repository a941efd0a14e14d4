package org.earshot.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.earshot.error.EarshotException;
import org.earshot.files.PartialFile;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

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

    /** What shells give a command that SIGPIPE ended. */
    private static final int READER_GONE = 141;

    /**
     * Runs a command and ends the process with its exit code: 0 if all went well, 1 if something failed, 2 for wrong
     * usage, 141 if nobody reads the standard output any more.
     *
     * @param args the command's name, its options and arguments
     */
    public static void main(String[] args) {
        // A signal ends the process in the middle of things; what is not finished then is of no use to anybody.
        Runtime.getRuntime().addShutdownHook(new Thread(PartialFile::deleteAll));
        // UTF-8 whatever the locale: file names and labels must survive a pipe.
        Writer out = new OutputStreamWriter(new StandardOutput(), StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(new FileOutputStream(FileDescriptor.err), false, StandardCharsets.UTF_8);
        int code = run(args, out, err);
        err.flush();
        System.exit(code);
    }

    /**
     * Runs a command.
     *
     * @param args the command's name, its options and arguments
     * @param out takes the result
     * @param err takes everything else
     * @return the exit code
     */
    static int run(String[] args, Writer out, PrintWriter err) {
        Console console = new Console(out, err);
        Optional<String> complaint = ArgumentBytes.complaint(args);
        if (complaint.isPresent()) {
            console.say(complaint.get());
            return CommandLine.ExitCode.USAGE;
        }
        Main main = new Main(console);
        PrintWriter printed = new PrintWriter(out);
        CommandLine line = new CommandLine(main)
                .setOut(printed)
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                // A recording may be called @x.wav; it is not to be read for arguments.
                .setExpandAtFiles(false)
                .setParameterExceptionHandler((e, arguments) -> usageError(console, e))
                .setExecutionExceptionHandler((e, command, result) -> {
                    if (e instanceof Console.ReaderGone) {
                        return READER_GONE;
                    }
                    main.report(e);
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .setExecutionStrategy(result -> {
                    Logs.direct(console, main.verbose);
                    return new CommandLine.RunLast().execute(result);
                });
        int code = line.execute(args);
        printed.flush();
        return code;
    }

    private static int usageError(Console console, ParameterException e) {
        String message =
                e instanceof UnmatchedArgumentException unmatched ? Suggestions.message(unmatched) : e.getMessage();
        console.say(message + " (see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help')");
        return CommandLine.ExitCode.USAGE;
    }

    /** All commands' names. */
    static Set<String> commandNames() {
        return new CommandLine(new Main(null)).getSubcommands().keySet();
    }

    /** A complaint about a command that does not exist. */
    static ParameterException unknownCommand(CommandLine all, String word) {
        return new UnmatchedArgumentException(all, List.of(word));
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
