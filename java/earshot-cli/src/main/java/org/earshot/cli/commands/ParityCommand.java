package org.earshot.cli.commands;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.cli.options.DeviceOption;
import org.earshot.cli.options.PrecisionOption;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.ParityTable;
import org.earshot.cli.output.Text;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelDirectory;
import org.earshot.parity.Parity;
import org.earshot.parity.ParityOptions;
import org.earshot.parity.ParityResult;
import org.earshot.parity.Tolerances;
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
            "  earshot parity my-model --tolerance 1e-3 --tolerance module.gru=1e-2"
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

    private final ParityTable table = new ParityTable();
    private int failures;

    @Override
    public Integer call() {
        asked(Tolerances.of(precision.precision()));
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
            } catch (EarshotException e) {
                fail(e);
            }
        }
        console().result(table.toString());
        return failures == 0 ? DONE : FAILED;
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
                failures += result.first().isPresent() ? 1 : 0;
                table.add(directory.toString(), result);
            } catch (EarshotException e) {
                fail(e);
            }
        }
    }

    /** Nothing compared is no agreement: what is not checked has failed. */
    private void fail(EarshotException e) {
        report(e);
        failures++;
    }
}
