package org.earshot.spark.job;

import org.earshot.backend.Precision;
import org.earshot.spark.SparkOptions;
import picocli.CommandLine.Option;

/** How executors compute. */
final class ComputeOptions {
    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "cuda, cpu, portable, or auto for the best that starts. Default: ${DEFAULT-VALUE}.")
    private String backend;

    @Option(
            names = "--precision",
            paramLabel = "P",
            defaultValue = "FLOAT32",
            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Precision precision;

    @Option(names = "--strict", description = "Make damaged recordings errors, instead of using what can be decoded.")
    private boolean strict;

    SparkOptions apply(SparkOptions options) {
        return options.withBackend(backend).withPrecision(precision).withStrict(strict);
    }
}
