package org.earshot.spark.job;

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

/** Computes features once, to be read many times. */
@Command(
        name = "features",
        description = "Computes the log-mel features of recordings' first clips, which the other commands read by"
                + " --table and --features-column.",
        mixinStandardHelpOptions = true)
final class FeaturesJob implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecordingInput input;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "Model directory, by whose parameters they are computed.")
    private String model;

    @Option(names = "--strict", description = "Make damaged recordings errors, instead of using what can be decoded.")
    private boolean strict;

    @Mixin
    private RowOutput output;

    @Override
    public Integer call() throws InterruptedException {
        SparkSession spark = SparkJob.session("features");
        ModelSource source = ModelSource.read(model, spark.sparkContext().hadoopConfiguration());
        SparkOptions options = input.columns(SparkOptions.defaults()).withStrict(strict);
        output.write(
                EarshotSpark.features(input.read(spark), source, options),
                spec.commandLine().getErr());
        return ExitCode.OK;
    }
}
