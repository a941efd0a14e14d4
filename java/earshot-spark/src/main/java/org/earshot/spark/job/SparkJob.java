package org.earshot.spark.job;

import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.earshot.error.EarshotException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import scala.Option;

/**
 * Earshot's jobs for {@code spark-submit}:
 *
 * <pre>{@code
 * spark-submit --class org.earshot.spark.job.SparkJob earshot-spark.jar classify 'hdfs:/recordings/**' \
 *     --model hdfs:/models/ascmamba --format parquet --output hdfs:/scenes
 * }</pre>
 */
@Command(
        name = "spark",
        description = "Classifies, labels and measures recordings on an Apache Spark cluster.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {ClassifyJob.class, FeaturesJob.class, PseudoLabelJob.class, EvaluateJob.class})
public final class SparkJob {
    private SparkJob() {}

    /**
     * Runs a job and ends the process: 0 if it was done, even if single recordings could not be read; 1 if it failed; 2
     * for wrong usage.
     *
     * @param args the command's name, its options and arguments
     */
    public static void main(String[] args) {
        CommandLine line = new CommandLine(new SparkJob());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            if (e instanceof ParameterException usage) {
                throw usage;
            }
            // Spark's for what is there already, or is not there.
            boolean told = e instanceof EarshotException || e instanceof AnalysisException;
            command.getErr().println(told ? e.getMessage() : "unexpected " + e);
            if (!told) {
                e.printStackTrace(command.getErr());
            }
            return CommandLine.ExitCode.SOFTWARE;
        });
        int code = line.execute(args);
        // In order: left to the end of the process, a cluster in it takes its executors' end for failures.
        Option<SparkSession> session = SparkSession.getDefaultSession();
        if (session.isDefined()) {
            session.get().stop();
        }
        if (code != CommandLine.ExitCode.OK) {
            System.exit(code);
        }
    }

    /** The session that the job runs in, with the master that spark-submit was given. */
    static SparkSession session(String command) {
        return SparkSession.builder().appName("earshot " + command).getOrCreate();
    }
}
