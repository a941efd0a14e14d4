package org.earshot.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.files.NearWords;
import org.earshot.files.Quoted;
import picocli.CommandLine;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what someone may have meant who wrote a command or an option that does not exist. */
final class Suggestions {
    private Suggestions() {}

    /** The complaint about an argument that means nothing, in one line. */
    static String message(UnmatchedArgumentException e) {
        CommandLine command = e.getCommandLine();
        String word = e.getUnmatched().get(0);
        if (word.startsWith("-")) {
            List<String> options = new ArrayList<>();
            command.getCommandSpec().options().forEach(option -> options.addAll(List.of(option.names())));
            return "no option " + Quoted.of(word) + NearWords.hint(word, options) + ofFile(word);
        }
        if (command.getParent() == null) {
            List<String> commands = List.copyOf(command.getSubcommands().keySet());
            return "no command " + Quoted.of(word)
                    + (NearWords.of(word, commands).isEmpty()
                            ? "; expected one of " + String.join(", ", commands)
                            : NearWords.hint(word, commands));
        }
        return "an argument too many: " + Quoted.of(word);
    }

    /** A shell's pattern may have found a file whose name begins like an option. */
    private static String ofFile(String word) {
        try {
            return Files.exists(Path.of(word)) ? "; the file of this name is ./" + Quoted.plain(word) : "";
        } catch (InvalidPathException e) {
            return "";
        }
    }
}
