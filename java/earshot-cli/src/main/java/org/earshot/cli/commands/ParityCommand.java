package org.earshot.cli.commands;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.cli.options.DeviceOption;
import org.earshot.cli.options.ModelFiles;
import org.earshot.cli.options.PrecisionOption;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.OutputFiles;
import org.earshot.cli.output.ParityJson;
import org.earshot.cli.output.ParityJunit;
import org.earshot.cli.output.ParityMarkdown;
import org.earshot.cli.output.ParityRun;
import org.earshot.cli.output.ParityTable;
import org.earshot.cli.output.Text;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelDirectory;
import org.earshot.parity.Parity;
import org.earshot.parity.ParityOptions;
import org.earshot.parity.ParityRecord;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
import org.earshot.report.HtmlReport;
import org.earshot.weights.KeyMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares what backends compute with PyTorch's outputs. */
@Command(
        name = "parity",
        description = "Runs the golden files of model directories and compares the outputs with PyTorch's.",
        footer = {
            "",
            "A golden file is a golden*.safetensors in the model directory: tools/reference/capture.py writes one of"
                    + " your own PyTorch network, with the outputs of its modules. A difference counts relative to the"
                    + " spread (standard deviation) of the golden values; of features, absolutely: at most "
                    + Parity.FEATURE_LIMIT_DECIBEL + " dB. Beside it stands what rounding alone may amount to.",
            "",
            "Examples:",
            "  earshot parity my-model --backend all",
            "  earshot parity my-model --backend cpu --isolate",
            "  earshot parity my-model --tolerance 1e-3 --tolerance module.gru=1e-2",
            "  earshot parity my-model --backend cpu --record before.safetensors",
            "  earshot parity my-model --backend cpu --against before.safetensors"
        })
final class ParityCommand extends Subcommand {
    private static final String ALL = "all";

    @Parameters(arity = "1..*", paramLabel = "DIR", description = "Model directories with golden files.")
    private List<Path> directories;

    @Option(
            names = "--backend",
            paramLabel = "all|NAME",
            defaultValue = ALL,
            description = "Backends to check. Default: ${DEFAULT-VALUE} that start.")
    private String backend;

    @Option(
            names = "--tolerance",
            paramLabel = "[NAME=]X",
            description = "Largest difference allowed, relative to the spread, of all or of one output or module;"
                    + " repeatable. Default: what the model directory's " + Tolerances.FILE
                    + " says, else 1e-4 in float32, 6.2e-2 in bf16, 1.6e-2 in tf32.")
    private List<String> tolerances = List.of();

    @Option(
            names = "--isolate",
            description = "Feed each layer what the reference fed it, as far as the golden file says: only layers at"
                    + " fault differ then, and not what follows them.")
    private boolean isolate;

    @Mixin
    private PrecisionOption precision;

    @Mixin
    private DeviceOption device;

    @Option(
            names = "--json",
            description = "Print one JSON object in place of the table; of features also the differences by band and by"
                    + " frame.")
    private boolean json;

    @Option(
            names = "--junit",
            paramLabel = "FILE",
            description = "Write a report in JUnit's XML: a case for each golden, backend and output.")
    private Path junit;

    @Option(
            names = "--markdown",
            paramLabel = "FILE",
            description = "Write a summary in Markdown, such as \"$GITHUB_STEP_SUMMARY\" takes.")
    private Path markdown;

    @Option(
            names = "--picture",
            paramLabel = "FILE",
            description =
                    "Write a page (HTML) with the layers' differences on a logarithmic scale, and the worst layer's"
                            + " over time and frequency.")
    private Path picture;

    @Option(
            names = "--record",
            paramLabel = "FILE",
            description = "Write what this backend computed, with versions, device and digests: to be compared with"
                    + " --against on another machine or after an upgrade. Of one model and one backend.")
    private Path record;

    @Option(
            names = "--against",
            paramLabel = "FILE",
            description = "Compare with what --record wrote, bit by bit and by tolerance, and say so in one line.")
    private Path against;

    private final ParityRun run = new ParityRun();
    private ParityRecord recorded;
    private Tolerances tolerancesOfRecord;

    @Override
    public Integer call() {
        asked(Tolerances.of(precision.precision()));
        if ((record != null || against != null) && (directories.size() > 1 || backend.equals(ALL))) {
            throw usageError("--record and --against: found " + directories.size() + " models and --backend " + backend
                    + "; expected one model and one backend");
        }
        List<Path> outputs = Arrays.asList(junit, markdown, picture, record);
        outputs.forEach(OutputFiles::check);
        List<Path> inputs = new ArrayList<>(ModelFiles.of(directories));
        inputs.add(against);
        OutputFiles.requireApart(outputs, inputs);
        ParityRecord before = against == null ? null : ParityRecord.read(against);
        List<Backend> backends = backends();
        if (backends.isEmpty()) {
            throw new CommandException(
                    "--backend " + ALL, "none that starts in this precision", "at least one to compare with");
        }
        for (Path directory : directories) {
            try {
                ModelDirectory model = ModelDirectory.read(directory, null, KeyMap.identity());
                List<Path> goldens = Parity.goldens(directory);
                Tolerances own = asked(Tolerances.read(directory, precision.precision()));
                ParityOptions options = new ParityOptions(precision.precision(), isolate, own, true);
                backends.forEach(one -> check(directory, model, goldens, one, options));
                own.names().stream()
                        .filter(name -> run.results().stream()
                                .noneMatch(result -> result.of(name).isPresent()))
                        .forEach(name -> console().say("tolerance of " + name + ": nothing of that name was compared"));
                keep(directory, model, backends.get(0));
            } catch (EarshotException e) {
                fail(directory, e);
            }
        }
        console().result(json ? ParityJson.of(run) : ParityTable.of(run));
        boolean written = write();
        boolean unchanged = before == null || compare(before, backends.get(0));
        return run.passed() && unchanged && written ? DONE : FAILED;
    }

    /** Writes what was asked for; what cannot be written keeps nothing else from it. */
    private boolean write() {
        boolean written = junit == null || tried(() -> OutputFiles.write(junit, out -> ParityJunit.write(out, run)));
        if (markdown != null) {
            byte[] text = ParityMarkdown.of(run).getBytes(StandardCharsets.UTF_8);
            written &= tried(() -> OutputFiles.write(markdown, out -> out.write(text)));
        }
        if (picture != null) {
            written &= tried(() -> HtmlReport.writeParity(picture, run.results()));
        }
        return written;
    }

    /** Writes the record, or compares with one. */
    private void keep(Path directory, ModelDirectory model, Backend one) {
        if (record != null || against != null) {
            recorded = ParityRecord.of(model, one, precision.precision(), run.results());
            tolerancesOfRecord = asked(Tolerances.read(directory, precision.precision()));
            if (record != null) {
                recorded.write(record);
            }
        }
    }

    private boolean compare(ParityRecord before, Backend one) {
        if (recorded == null) {
            return false; // Nothing was computed, which was reported.
        }
        ParityRecord.Change change = before.against(recorded, tolerancesOfRecord);
        console().say(one + " against " + against + ": " + change.summary());
        change.about().forEach(line -> console().say("  " + line));
        return change.passes();
    }

    private List<Backend> backends() {
        int threads = Backends.defaultThreads();
        if (!backend.equals(ALL)) {
            return List.of(Backends.start(backend, threads, precision.precision(), device.device()));
        }
        List<Backend> backends = new ArrayList<>();
        for (Backends.Status status : Backends.status(precision.precision(), device.device())) {
            if (status.starts()) {
                backends.add(Backends.start(status.name(), threads, precision.precision(), device.device()));
            } else {
                console().say("backend " + status.name() + " passed over: " + status.description());
                run.skip(status.name(), status.description());
            }
        }
        return backends;
    }

    /** Tolerances with those of the command line, which count more than a file's. */
    private Tolerances asked(Tolerances given) {
        Tolerances all = given;
        for (String one : tolerances) {
            int equals = one.lastIndexOf('=');
            String name = equals < 0 ? Tolerances.ALL : one.substring(0, equals);
            try {
                all = all.with(name, Double.parseDouble(one.substring(equals + 1)));
            } catch (IllegalArgumentException e) { // Also what is no number.
                throw usageError("--tolerance: found " + Text.visible(one) + "; expected X or NAME=X, X 0 or more");
            }
        }
        return all;
    }

    private void check(Path directory, ModelDirectory model, List<Path> goldens, Backend one, ParityOptions options) {
        for (Path golden : goldens) {
            try {
                ParityResult result = Parity.check(model, golden, one, options);
                run.add(directory.toString(), result);
            } catch (EarshotException e) {
                fail(golden, e);
            }
        }
    }

    /** Nothing compared is no agreement: what is not checked has failed. */
    private void fail(Path subject, EarshotException e) {
        report(e);
        run.fail(subject.toString(), e.getMessage());
    }
}
