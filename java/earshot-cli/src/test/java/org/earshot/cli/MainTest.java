package org.earshot.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.earshot.cli.commands.EarshotCommand;
import org.earshot.cli.output.Console;
import org.earshot.cli.output.StandardOutput;
import org.earshot.layer.Shape;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
    @TempDir
    Path folder;

    static List<String> commands() {
        CommandLine all = new EarshotCommand(console()).commandLine();
        return all.getSubcommands().keySet().stream()
                // They tell of the others.
                .filter(command -> !command.equals("help") && !command.equals("generate-completion"))
                .toList();
    }

    private static Console console() {
        return new Console(Writer.nullWriter(), new PrintWriter(Writer.nullWriter()));
    }

    /** Whoever copies an example has a whole command in the shell, of options that there are. */
    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExample(String command) {
        CommandRun run = CommandRun.of(command, "--help").done();
        assertTrue(run.out().startsWith("Usage: earshot " + command), run.out());
        assertEquals("", run.err());
        Matcher heading = Pattern.compile("(?m)^Examples?:$").matcher(run.out());
        assertTrue(heading.find(), run.out());
        List<String> examples = run.out()
                .substring(heading.end())
                .strip()
                .replaceAll("\\\\\n *", "")
                .lines()
                .toList();
        for (String example : examples) {
            Matcher words = Pattern.compile("(?:^|[|] *)earshot ([^|]*)$").matcher(example.strip());
            assertTrue(words.find(), "cut in two: " + example);
            String[] arguments = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)")
                    .matcher(words.group(1))
                    .results()
                    .map(word -> word.group().replaceAll("^[\"']|[\"']$", ""))
                    .toArray(String[]::new);
            assertEquals(command, arguments[0], example);
            CommandLine line =
                    new EarshotCommand(console()).commandLine(arguments).setCaseInsensitiveEnumValuesAllowed(true);
            assertDoesNotThrow(() -> line.parseArgs(arguments), example);
        }
    }

    @Test
    void helpListsTheCommands() {
        String help = CommandRun.of("--help").done().out();
        for (String command :
                new String[] {"classify", "features", "inspect", "convert", "summary", "parity", "bench", "--version"
                }) {
            assertTrue(help.contains(command), help);
        }
    }

    @Test
    void versionNamesJavaAndTheBackends() {
        String version = CommandRun.of("--version").done().out();
        assertTrue(version.startsWith("earshot "), version);
        assertTrue(version.contains("Java " + System.getProperty("java.runtime.version")), version);
        assertTrue(version.contains("backend portable: portable["), version);
    }

    @Test
    void wrongUsageIsRefused() {
        assertTrue(CommandRun.of().refusedInOneLine().contains("classify"));
        assertTrue(CommandRun.of("sing").refusedInOneLine().contains("sing"));
        assertTrue(CommandRun.of("--sing").refusedInOneLine().contains("--sing"));
        assertTrue(CommandRun.of("inspect").refusedInOneLine().contains("FILE|DIR"));
    }

    /** {@code "$UNSET"} in a script: Java would take it for the folder that the process runs in. */
    @Test
    void emptyNamesAreRefused() {
        for (Object[] words : new Object[][] {
            {"classify", "x.wav", "--model", ""},
            {"classify", "x.wav", "--metadata", ""},
            {"classify", "x.wav", "-o", ""},
            {"features", "", "-o", "x.npy"},
            {"inspect", ""},
            {"evaluate", "", "--metadata", "x.csv", "--audio", "."},
            {"evaluate", "x", "--metadata", "x.csv", "--audio", ""},
            {"evaluate", "x", "--metadata", "x.csv", "--audio", ".", "--json", ""}
        }) {
            String complaint = CommandRun.of(words).refusedInOneLine();
            assertTrue(complaint.contains("found an empty name; expected a file or folder"), complaint);
        }
        assertEquals(
                "earshot: FILE: found an empty name; expected a file, folder or pattern",
                CommandRun.of("classify", "--model", "model", "").failedInOneLine());
    }

    /** Whatever else is wrong, and whatever the backend would say of it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "classify x.wav --model m",
                "features x.wav -o x.npy --model m",
                "listen --stdin --model m",
                "summary m",
                "bench m",
                "evaluate m --metadata x --audio x",
                "pseudo-label --first m --metadata x --audio x -o x.csv",
                "split --metadata x --audio x --evaluation-audio x --easy e --hard h"
            })
    void threadsAreBoundedByName(String command) {
        for (String threads : new String[] {"0", "8193"}) {
            Object[] words = (command + " --threads " + threads).split(" ");
            String complaint = CommandRun.of(words).refusedInOneLine();
            assertTrue(
                    complaint.startsWith("earshot: --threads: found " + threads + "; expected 1 to 8192"), complaint);
        }
    }

    @Test
    void shellCompletionIsGenerated() {
        String script = CommandRun.of("generate-completion").done().out();
        assertTrue(script.contains("complete -F _complete_earshot"), script);
        assertTrue(script.contains("--window-hop"), script);
    }

    private static CommandRun printingTo(IOException failure, Object... args) {
        Writer out = new Writer() {
            @Override
            public void write(char[] text, int offset, int length) throws IOException {
                throw failure;
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        StringWriter err = new StringWriter();
        int code = CommandRun.printingTo(out, err, args);
        return new CommandRun(code, "", err.toString());
    }

    /** A result, and what is printed of the commands themselves: a script of completions may meet a full disk too. */
    static Stream<Object[]> printing() {
        return Stream.of(
                new Object[] {"inspect", CommandRun.SMALL},
                new Object[] {"--help"},
                new Object[] {"--version"},
                new Object[] {"classify", "--help"},
                new Object[] {"help", "classify"},
                new Object[] {"generate-completion"});
    }

    @Test
    void aReaderThatHasGoneEndsTheCommandQuietly() {
        IOException gone = new StandardOutput.ClosedPipe(new IOException("Broken pipe"));
        printing().forEach(words -> {
            CommandRun run = printingTo(gone, words);
            assertEquals(141, run.code(), () -> Arrays.toString(words));
            assertEquals("", run.err());
        });
    }

    @Test
    void aFullDiskIsToldOf() {
        printing().forEach(words -> {
            String complaint = printingTo(new IOException("No space left on device"), words)
                    .failedInOneLine();
            assertTrue(
                    complaint.contains("standard output: found something that cannot be written to (no space"),
                    complaint);
        });
    }

    /** The whole of it: a process whose reader takes a line and goes. */
    @Test
    void headEndsQuietly() throws Exception {
        // More than a pipe takes before it is read.
        Map<String, WeightTensor> tensors = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            tensors.put("a.tensor.with.a.name.of.some.length." + i, WeightTensor.of(Shape.of(1), i));
        }
        Path file = folder.resolve("many.safetensors");
        Safetensors.write(file, tensors);
        Process process = start("inspect", file);
        try (BufferedReader out = process.inputReader()) {
            assertTrue(out.readLine().startsWith("name"));
        }
        assertEquals("", new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
        assertEquals(141, process.waitFor());
    }

    private Process start(Object... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        Arrays.stream(args).map(Object::toString).forEach(command::add);
        return new ProcessBuilder(command).start();
    }

    /** A signal comes while the standard input is kept in a temporary file. */
    @Test
    void aSignalLeavesNoPartialFiles() throws Exception {
        Process process = start("features", "-", "--output", folder.resolve("x.npy"), "--model", CommandRun.SMALL);
        while (process.isAlive() && partialFiles() == 0) {
            Thread.sleep(10);
        }
        assertTrue(process.isAlive(), "it waits for the end of its input");
        process.destroy();
        process.waitFor();
        assertEquals(0, partialFiles());
        assertFalse(Files.exists(folder.resolve("x.npy")));
    }

    private long partialFiles() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(".part"))
                    .count();
        }
    }

    @Test
    void helpOfEveryCommandPrintsNoWarning() {
        PrintStream before = System.err;
        ByteArrayOutputStream warnings = new ByteArrayOutputStream();
        System.setErr(new PrintStream(warnings, true, StandardCharsets.UTF_8));
        try {
            Set<String> commands =
                    new EarshotCommand(null).commandLine().getSubcommands().keySet();
            for (String command : commands) {
                CommandRun help = CommandRun.of(command, "--help");
                if (!command.equals("help")) {
                    assertEquals(0, help.code(), command);
                    assertEquals(
                            help.out(), CommandRun.of("help", command).done().out());
                }
                assertFalse(help.out().contains("%%") || help.out().contains("%n"), help.out());
            }
            assertTrue(CommandRun.of("evaluate", "--help").out().contains("A share of x % of the set"));
            assertEquals(
                    CommandRun.of("--help").done().out(),
                    CommandRun.of("help").done().out());
        } finally {
            System.setErr(before);
        }
        assertEquals("", warnings.toString(StandardCharsets.UTF_8));
    }

    @Test
    void nearCommandsAndOptionsAreSuggested() throws IOException {
        assertTrue(CommandRun.of("clasify").refusedInOneLine().contains("did you mean classify?"));
        assertTrue(CommandRun.of("help", "evalute").refusedInOneLine().contains("did you mean evaluate?"));
        assertTrue(CommandRun.of("classify", "x.wav", "--ctiy", "Jinan")
                .refusedInOneLine()
                .contains("no option \"--ctiy\"; did you mean --city?"));
        assertTrue(CommandRun.of("parity", ".", "--colour")
                .refusedInOneLine()
                .endsWith("no option \"--colour\" (see 'earshot parity --help')"));
        String extra = CommandRun.of("inspect", "a", "b").refusedInOneLine();
        assertTrue(extra.contains("an argument too many: \"b\""), extra);
    }

    /** A folder may hold a file @x.wav, which a shell's * gives: it is a recording, and no list of arguments. */
    @Test
    void filesAreNotReadForArguments() throws IOException {
        Path list = Files.writeString(folder.resolve("x.wav"), "--version");
        String complaint = CommandRun.of("classify", "@" + list, "--model", CommandRun.SMALL, "--quiet", "--json")
                .failedInOneLine();
        assertTrue(complaint.contains("@" + list + ": found no such file"), complaint);
        assertEquals(2, CommandRun.of("@" + list).code());
    }
}
