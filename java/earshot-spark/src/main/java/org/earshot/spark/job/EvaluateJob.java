package org.earshot.spark.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.earshot.dataset.DatasetException;
import org.earshot.evaluation.EvaluationJson;
import org.earshot.evaluation.EvaluationOptions;
import org.earshot.files.AtomicFile;
import org.earshot.files.IoReason;
import org.earshot.spark.EarshotSpark;
import org.earshot.spark.ModelSource;
import org.earshot.spark.SetEvaluation;
import org.earshot.spark.SparkOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures models on labelled recordings. */
@Command(
        name = "evaluate",
        description =
                "Measures how good models are on the labelled recordings of a set, and writes the figures as JSON.",
        mixinStandardHelpOptions = true)
final class EvaluateJob implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecordingInput input;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Model directory; may be repeated.")
    private List<String> models;

    @Option(names = "--set", paramLabel = "NAME", defaultValue = "recordings", description = "What the set is called.")
    private String set;

    @Option(
            names = "--metadata-shuffle",
            paramLabel = "X,...",
            split = ",",
            description = "Also measure with city and time permuted among X percent of the recordings.")
    private List<Integer> shuffled = List.of();

    @Mixin
    private ComputeOptions compute;

    @Option(
            names = "--json",
            required = true,
            paramLabel = "FILE|-",
            description = "File to write, on the driver's machine; - for the standard output.")
    private String json;

    @Override
    public Integer call() throws IOException {
        EvaluationOptions measured;
        try {
            measured = EvaluationOptions.usual()
                    .withCurves(shuffled.stream().sorted().toList(), List.of());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (!json.equals("-")) {
            // Before hours of work.
            writable(AtomicFile::probe);
        }
        SparkSession spark = SparkJob.session("evaluate");
        Map<String, ModelSource> sources = new LinkedHashMap<>();
        for (String model : models) {
            String folder = model.replaceAll("/+$", "");
            String name = folder.substring(1 + folder.lastIndexOf('/'));
            ModelSource source = ModelSource.read(model, spark.sparkContext().hadoopConfiguration());
            if (sources.putIfAbsent(sources.containsKey(name) ? model : name, source) != null) {
                throw new ParameterException(spec.commandLine(), "--model: found " + model + " twice");
            }
        }
        SparkOptions options = compute.apply(input.columns(SparkOptions.defaults()));
        SetEvaluation found = input.isSet()
                ? EarshotSpark.evaluate(
                        input.set(JavaSparkContext.fromSparkContext(spark.sparkContext())),
                        RecordingInput.SET,
                        set,
                        sources,
                        measured,
                        options)
                : EarshotSpark.evaluate(input.read(spark), set, sources, measured, options);
        if (json.equals("-")) {
            EvaluationJson.write(found.evaluation(), System.out);
        } else {
            writable(file -> AtomicFile.write(file, out -> EvaluationJson.write(found.evaluation(), out)));
        }
        found.unreadable().forEach(spec.commandLine().getErr()::println);
        return found.unreadable().isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** What is done with the file that the figures go to. */
    @FunctionalInterface
    private interface Work {
        void on(Path file) throws IOException;
    }

    private void writable(Work work) {
        try {
            work.on(Path.of(json));
        } catch (IOException e) {
            throw DatasetException.asBefore(json + ": found a file that cannot be written (" + IoReason.of(e)
                    + "); expected a writable folder");
        }
    }
}
