package org.earshot.cli.commands;

import java.util.List;
import java.util.Set;
import org.earshot.cli.output.Console;
import org.earshot.error.EarshotException;
import picocli.AutoComplete;
import picocli.CommandLine;
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

    /** In the order of the help. */
    private static final List<String> COMMANDS = List.of(
            "classify",
            "listen",
            "serve",
            "features",
            "pseudo-label",
            "evaluate",
            "split",
            "inspect",
            "convert",
            "summary",
            "parity",
            "bench",
            "help",
            "generate-completion");

    /** Those that tell of the others. */
    private static final Set<String> OF_ALL = Set.of("help", "generate-completion");

    private final Console console;

    /** All commands print to one console. */
    public EarshotCommand(Console console) {
        this.console = console;
    }

    /**
     * The command line of arguments: with the one command that they begin with, where they do, as looking at the
     * options of all takes longer than many a command.
     *
     * @param args what the process was started with
     * @return what understands them
     */
    public CommandLine commandLine(String... args) {
        CommandLine line = new CommandLine(this);
        boolean one = args.length > 0 && COMMANDS.contains(args[0]) && !OF_ALL.contains(args[0]);
        for (String name : one ? List.of(args[0]) : COMMANDS) {
            line.addSubcommand(name, command(name));
        }
        return line;
    }

    private static Object command(String name) {
        return switch (name) {
            case "classify" -> new ClassifyCommand();
            case "listen" -> new ListenCommand();
            case "serve" -> new ServeCommand();
            case "features" -> new FeaturesCommand();
            case "pseudo-label" -> new PseudoLabelCommand();
            case "evaluate" -> new EvaluateCommand();
            case "split" -> new SplitCommand();
            case "inspect" -> new InspectCommand();
            case "convert" -> new ConvertCommand();
            case "summary" -> new SummaryCommand();
            case "parity" -> new ParityCommand();
            case "bench" -> new BenchCommand();
            case "help" -> new HelpCommand();
            case "generate-completion" -> new AutoComplete.GenerateCompletion();
            default -> throw new IllegalArgumentException(name);
        };
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
