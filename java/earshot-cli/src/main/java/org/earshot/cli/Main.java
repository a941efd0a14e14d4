package org.earshot.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.earshot.cli.commands.EarshotCommand;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Console;
import org.earshot.cli.output.Logs;
import org.earshot.cli.output.StandardOutput;
import org.earshot.files.PartialFile;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs the command line: what is of the process, not of a command. */
public final class Main {
    /** What shells give a command that SIGPIPE ended. */
    private static final int READER_GONE = 141;

    private Main() {}

    /**
     * Runs a command and ends the process with its exit code: 0 if all went well, 1 if something failed, 2 for wrong
     * usage, 141 if nobody reads the standard output any more.
     *
     * @param args the command's name, its options and arguments
     */
    public static void main(String[] args) {
        // Pictures need no screen, and the Java of a server has no code for one.
        System.setProperty("java.awt.headless", "true");
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
        EarshotCommand earshot = new EarshotCommand(console);
        // A PrintWriter tells nobody what it cannot print.
        StringWriter printed = new StringWriter();
        CommandLine line = earshot.commandLine(args)
                .setOut(new PrintWriter(printed))
                .setErr(err)
                .setUsageHelpAutoWidth(true)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Path.class, Main::path)
                // A recording may be called @x.wav; it is not to be read for arguments.
                .setExpandAtFiles(false)
                .setParameterExceptionHandler((e, arguments) -> usageError(console, e))
                .setExecutionExceptionHandler((e, command, result) -> {
                    if (e instanceof Console.ReaderGone) {
                        return READER_GONE;
                    }
                    earshot.report(e);
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .setExecutionStrategy(result -> {
                    Logs.direct(console::say, earshot.verbose());
                    return new CommandLine.RunLast().execute(result);
                });
        int code = line.execute(args);
        if (printed.getBuffer().length() == 0) {
            return code;
        }
        try {
            console.result(printed.toString());
            return code;
        } catch (Console.ReaderGone e) {
            return READER_GONE;
        } catch (CommandException e) {
            earshot.report(e);
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    /** Java takes the empty name for the folder that the process runs in; scripts mean a variable that is not set. */
    private static Path path(String name) {
        if (name.isEmpty()) {
            throw new TypeConversionException("found an empty name; expected a file or folder");
        }
        return Path.of(name);
    }

    private static int usageError(Console console, ParameterException e) {
        String message =
                e instanceof UnmatchedArgumentException unmatched ? Suggestions.message(unmatched) : e.getMessage();
        console.say(message + " (see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help')");
        return CommandLine.ExitCode.USAGE;
    }
}
