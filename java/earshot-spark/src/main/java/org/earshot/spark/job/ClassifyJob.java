package org.earshot.spark.job;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import org.earshot.spark.EarshotSpark;
import org.earshot.spark.ModelSource;
import org.earshot.spark.SparkOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tells the scene of recordings. */
@Command(
        name = "classify",
        description = "Tells the scene of recordings.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  tools/spark classify 'recordings/**' --model tools/demo-model \\",
            "    --format json --output scenes"
        })
final class ClassifyJob implements Callable<Integer> {
    private static final double NANOSECONDS = 1e9;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RecordingInput input;

    @Option(names = "--model", required = true, paramLabel = "DIR", description = "Model directory.")
    private String model;

    @Option(names = "--embedding", description = "Add the embedding of each recording.")
    private boolean embedding;

    @Option(
            names = "--window-hop",
            paramLabel = "SECONDS",
            description = "Distance between the windows of a long recording. Default: the length of a window.")
    private Double windowHop;

    @Mixin
    private ComputeOptions compute;

    @Mixin
    private RowOutput output;

    @Override
    public Integer call() throws InterruptedException {
        SparkSession spark = SparkJob.session("classify");
        SparkOptions options =
                compute.apply(input.columns(SparkOptions.defaults())).withEmbedding(embedding);
        if (windowHop != null) {
            options = options.withWindowHop(Duration.ofNanos(Math.round(windowHop * NANOSECONDS)));
        }
        ModelSource source = ModelSource.read(model, spark.sparkContext().hadoopConfiguration());
        output.write(
                EarshotSpark.classify(input.read(spark), source, options),
                spec.commandLine().getErr());
        return ExitCode.OK;
    }
}
