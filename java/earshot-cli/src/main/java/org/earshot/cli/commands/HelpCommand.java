package org.earshot.cli.commands;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** Shows how a command is used, as its {@code --help} does. */
@Command(
        name = "help",
        description = "Shows how a command is used.",
        footer = {"", "Example:", "  earshot help classify"},
        helpCommand = true)
final class HelpCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "COMMAND", description = "The command. Default: all of them.")
    private String command;

    @Override
    public void run() {
        CommandLine all = spec.commandLine().getParent();
        if (command == null) {
            all.usage(all.getOut());
            return;
        }
        CommandLine one = all.getSubcommands().get(command);
        if (one == null) {
            throw new UnmatchedArgumentException(all, List.of(command));
        }
        one.usage(all.getOut());
    }
}
