package org.earshot.cli.commands;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.earshot.backend.Backend;
import org.earshot.backend.choice.Backends;
import org.earshot.cli.options.DeviceOption;
import org.earshot.cli.options.PrecisionOption;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Layout;
import org.earshot.cli.output.Text;
import org.earshot.error.EarshotException;
import org.earshot.model.ModelDirectory;
import org.earshot.network.PreparedNetwork;
import org.earshot.parity.Parity;
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
            "A golden file is a golden*.safetensors in the model directory. A difference counts relative to the"
                    + " spread (standard deviation) of the golden values; of features, absolutely: at most "
                    + Parity.FEATURE_LIMIT_DECIBEL + " dB.",
            "",
            "Examples:",
            "  earshot parity my-model --backend all",
            "  earshot parity my-model --precision bf16 --tolerance 0.1"
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
            paramLabel = "X",
            defaultValue = "1e-4",
            description = "Largest difference allowed, relative to the spread. Default: ${DEFAULT-VALUE}.")
    private double tolerance;

    @Mixin
    private PrecisionOption precision;

    @Mixin
    private DeviceOption device;

    private final Layout table = new Layout(false, false, false, false, true, true, true, true, false);
    private int failures;

    @Override
    public Integer call() {
        // Written so that NaN fails too.
        if (!(tolerance >= 0)) {
            throw usageError("--tolerance: found " + tolerance + "; expected 0 or more");
        }
        List<Backend> backends = backends();
        if (backends.isEmpty()) {
            throw new CommandException(
                    "--backend " + ALL, "none that starts in this precision", "at least one to compare with");
        }
        table.add("model", "golden", "backend", "output", "largest", "mean", "spread", "relative", "");
        for (Path directory : directories) {
            try {
                ModelDirectory model = ModelDirectory.read(directory, null, KeyMap.identity());
                List<Path> goldens = Parity.goldens(directory);
                backends.forEach(one -> check(directory, model, goldens, one));
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

    private void check(Path directory, ModelDirectory model, List<Path> goldens, Backend one) {
        try (PreparedNetwork network = new PreparedNetwork(model.model().network(), one)) {
            for (Path golden : goldens) {
                try {
                    List<Parity.Difference> differences = Parity.check(model, golden, network);
                    if (differences.isEmpty()) {
                        throw new CommandException(golden, "no output to compare with", "tensors named output.*");
                    }
                    differences.forEach(difference -> add(directory, one, difference));
                } catch (EarshotException e) {
                    fail(e);
                }
            }
        }
    }

    /** Nothing compared is no agreement: what is not checked has failed. */
    private void fail(EarshotException e) {
        report(e);
        failures++;
    }

    private void add(Path directory, Backend one, Parity.Difference difference) {
        boolean passed = difference.within(tolerance);
        failures += passed ? 0 : 1;
        table.add(
                Text.visible(directory.toString()),
                Text.visible(difference.golden().getFileName().toString()),
                one.toString(),
                Text.visible(difference.output()),
                number(difference.largest()),
                number(difference.mean()),
                number(difference.spread()),
                number(difference.relative()),
                passed ? "PASS" : "FAIL");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2e", value);
    }
}
