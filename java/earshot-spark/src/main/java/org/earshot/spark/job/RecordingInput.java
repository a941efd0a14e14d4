package org.earshot.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.substring_index;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.earshot.audio.AudioFormat;
import org.earshot.dataset.Metadata;
import org.earshot.spark.SparkOptions;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The recordings of a job: folders and patterns, a table, or a set as the command line's commands for sets have it. */
final class RecordingInput {
    /**
     * Recordings of a task, where nothing else says how they are divided: at least, for what a task costs by itself.
     */
    private static final int LEAST_OF_A_TASK = 32;

    /** At most, for what is lost with an executor, and for what the last task is waited for. */
    private static final int MOST_OF_A_TASK = 128;

    /** Tasks for each core, if they are not too small then: the last ones end at about the same time. */
    private static final int TASKS_OF_A_CORE = 16;

    private static final String LINE = "line";

    /** Column of a set's paths. */
    private static final String PATH = "path";

    /** Columns of a set. */
    static final StructType SET = new StructType()
            .add(LINE, DataTypes.LongType)
            .add(Metadata.FILE_NAME, DataTypes.StringType)
            .add(PATH, DataTypes.StringType)
            .add(Metadata.LOCATION, DataTypes.StringType)
            .add(Metadata.RECORD_TIME, DataTypes.TimestampNTZType)
            .add(Metadata.SCENE_LABEL, DataTypes.StringType);

    private static final String ANY_DEPTH = "/**";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "FOLDER|PATTERN",
            description = "Recordings, found by their names' endings: folders with all below them ('recordings/**' is"
                    + " the same), files, patterns in quotes; of any file system that the cluster knows.")
    private List<String> patterns = List.of();

    @Option(
            names = "--table",
            paramLabel = "FILE",
            description = "A table with a row for each recording: .parquet, .json, .orc or .csv (with a header).")
    private String table;

    @Option(
            names = "--path-column",
            paramLabel = "NAME",
            defaultValue = "path",
            description = "The table's column of paths. Default: ${DEFAULT-VALUE}.")
    private String path;

    @Option(names = "--city-column", paramLabel = "NAME", description = "The table's column of cities.")
    private String cities;

    @Option(names = "--time-column", paramLabel = "NAME", description = "The table's column of local times.")
    private String times;

    @Option(
            names = "--label-column",
            paramLabel = "NAME",
            defaultValue = Metadata.SCENE_LABEL,
            description = "The table's column of right answers, for evaluate. Default: ${DEFAULT-VALUE}.")
    private String labels;

    @Option(
            names = "--features-column",
            paramLabel = "NAME",
            description = "The table's column of features, as the command features writes it; recordings are not read.")
    private String features;

    @Option(
            names = "--metadata",
            paramLabel = "CSV",
            description = "A set: a file on this machine with the columns filename,location,record_time,scene_label.")
    private Path metadata;

    @Option(
            names = "--audio",
            paramLabel = "DIR",
            description =
                    "The folder with the set's recordings, found by relative path, else by name; under the same path"
                            + " on all machines.")
    private Path audio;

    @Option(names = "--city", paramLabel = "NAME", description = "City in which all recordings were made.")
    private String city;

    @Option(names = "--time", paramLabel = "TIME", description = "Local time at which all recordings were made.")
    private String time;

    /** Whether the recordings are a set. */
    boolean isSet() {
        boolean set = metadata != null || audio != null;
        long given = List.of(!patterns.isEmpty(), table != null, set).stream()
                .filter(named -> named)
                .count();
        if (given != 1) {
            throw wrong("which recordings? Folders and patterns, or --table, or --metadata with --audio");
        }
        return set;
    }

    /** The recordings' rows. */
    Dataset<Row> read(SparkSession spark) {
        if (isSet()) {
            List<Row> rows = setRows();
            // Slices of the list, which no shuffle has to make.
            spark.conf().set("spark.sql.leafNodeDefaultParallelism", tasks(rows.size(), spark.sparkContext()));
            return spark.createDataFrame(rows, SET);
        }
        Dataset<Row> rows = table == null ? found(spark) : table(spark);
        if (city != null) {
            rows = rows.withColumn(column(cities, Metadata.LOCATION), lit(city));
        }
        return time == null ? rows : rows.withColumn(column(times, Metadata.RECORD_TIME), lit(time));
    }

    /** In which columns they are. */
    SparkOptions columns(SparkOptions options) {
        if (metadata != null) {
            return options.withCityColumn(Metadata.LOCATION)
                    .withTimeColumn(Metadata.RECORD_TIME)
                    .withNameColumn(Metadata.FILE_NAME)
                    .withLabelColumn(Metadata.SCENE_LABEL)
                    .withOrderColumn(LINE);
        }
        SparkOptions columns = options.withPathColumn(path).withLabelColumn(labels);
        if (city != null || cities != null) {
            columns = columns.withCityColumn(column(cities, Metadata.LOCATION));
        }
        if (time != null || times != null) {
            columns = columns.withTimeColumn(column(times, Metadata.RECORD_TIME));
        }
        return features == null ? columns : columns.withFeaturesColumn(features);
    }

    private static String column(String named, String otherwise) {
        return named == null ? otherwise : named;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Spark lists the files, and divides them by their sizes. */
    private Dataset<Row> found(SparkSession spark) {
        String[] endings = Arrays.stream(AudioFormat.values())
                .flatMap(format -> format.endings().stream())
                .toArray(String[]::new);
        String[] paths = patterns.stream()
                .map(pattern -> pattern.endsWith(ANY_DEPTH)
                        ? pattern.substring(0, pattern.length() - ANY_DEPTH.length())
                        : pattern)
                .toArray(String[]::new);
        return spark.read()
                .format("binaryFile")
                .option("recursiveFileLookup", true)
                .load(paths)
                .select("path")
                .filter(lower(substring_index(col("path"), ".", -1)).isin((Object[]) endings));
    }

    private Dataset<Row> table(SparkSession spark) {
        String format = table.substring(table.lastIndexOf('.') + 1);
        if (!List.of("parquet", "json", "orc", "csv").contains(format)) {
            throw wrong("--table: found " + table + "; expected a name that ends in .parquet, .json, .orc or .csv");
        }
        return spark.read().option("header", true).format(format).load(table);
    }

    /** The rows of a set, of the columns {@link #SET}. */
    JavaRDD<Row> set(JavaSparkContext spark) {
        List<Row> rows = setRows();
        return spark.parallelize(rows, tasks(rows.size(), spark.sc()));
    }

    private List<Row> setRows() {
        if (metadata == null || audio == null || city != null || time != null) {
            throw wrong("--metadata and --audio stand together, instead of --city and --time");
        }
        List<Row> rows = new ArrayList<>();
        for (org.earshot.dataset.Dataset.Clip clip :
                org.earshot.dataset.Dataset.open(metadata, audio).clips()) {
            rows.add(RowFactory.create(
                    clip.line(),
                    clip.name(),
                    clip.audio().toAbsolutePath().toString(),
                    clip.context().city().orElse(null),
                    clip.context().time().orElse(null),
                    clip.label().orElse(null)));
        }
        return rows;
    }

    private static int tasks(int recordings, SparkContext spark) {
        int wanted = TASKS_OF_A_CORE * spark.defaultParallelism();
        int least = 1 + recordings / MOST_OF_A_TASK;
        int most = 1 + recordings / LEAST_OF_A_TASK;
        return Math.max(least, Math.min(wanted, most));
    }
}
