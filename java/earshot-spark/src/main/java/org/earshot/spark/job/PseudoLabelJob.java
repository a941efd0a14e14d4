package org.earshot.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.trim;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.earshot.dataset.Metadata;
import org.earshot.labelling.LabellingRule;
import org.earshot.spark.EarshotSpark;
import org.earshot.spark.ModelSource;
import org.earshot.spark.SparkOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Labels recordings that have no label. */
@Command(
        name = "pseudo-label",
        description = "Labels recordings that have none, from one model or from two that agree. All rows are written;"
                + " those that keep no label have no step.",
        mixinStandardHelpOptions = true)
final class PseudoLabelJob implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RecordingInput input;

    @Option(names = "--first", required = true, paramLabel = "DIR", description = "The model whose answers are labels.")
    private String first;

    @Option(
            names = "--second",
            paramLabel = "DIR",
            description = "The model that is asked where the first is not sure.")
    private String second;

    @Option(
            names = "--share",
            paramLabel = "S",
            description = "Share of the recordings that step 1 keeps. Default: " + LabellingRule.PAPER_SHARE
                    + ", with one model 1.")
    private Double share;

    @Option(
            names = "--min-confidence",
            paramLabel = "P",
            defaultValue = "0",
            description = "Least probability of an answer that step 1 keeps. Default: ${DEFAULT-VALUE}.")
    private double minimumConfidence;

    @Mixin
    private ComputeOptions compute;

    @Mixin
    private RowOutput output;

    @Override
    public Integer call() throws InterruptedException {
        LabellingRule rule = rule();
        SparkSession spark = SparkJob.session("pseudo-label");
        SparkOptions options = compute.apply(input.columns(SparkOptions.defaults()));
        var hadoop = spark.sparkContext().hadoopConfiguration();
        output.write(
                EarshotSpark.pseudoLabel(
                        unlabelled(input.read(spark)),
                        ModelSource.read(first, hadoop),
                        Optional.ofNullable(second).map(location -> ModelSource.read(location, hadoop)),
                        rule,
                        options),
                spec.commandLine().getErr());
        return ExitCode.OK;
    }

    private LabellingRule rule() {
        try {
            return LabellingRule.of(second != null, share, minimumConfidence);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** Without the column that the labels are to have, and the rows that have one in it. */
    private static Dataset<Row> unlabelled(Dataset<Row> rows) {
        if (!Arrays.asList(rows.columns()).contains(Metadata.SCENE_LABEL)) {
            return rows;
        }
        var label = col(Metadata.SCENE_LABEL);
        return rows.filter(label.isNull().or(trim(label).equalTo(""))).drop(Metadata.SCENE_LABEL);
    }
}
