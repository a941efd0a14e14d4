package org.earshot.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Option;

/** Where rows are written. */
final class RowOutput {
    /** What Spark writes. */
    enum Format {
        /** Columns with their types, for what follows. */
        PARQUET,
        /** Single values only. */
        CSV,
        /** An object a line, as the command line prints it. */
        JSON
    }

    @Option(
            names = "--format",
            defaultValue = "PARQUET",
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; CSV has no rankings, windows, notes and embeddings. Default:"
                    + " ${DEFAULT-VALUE}.")
    private Format format;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "DIR",
            description = "Folder to write, of any file system that the cluster knows.")
    private String output;

    @Option(names = "--force", description = "Replace the output if it exists.")
    private boolean force;

    /** Writes rows that have a column {@code error}, and says how many there are and how many have one. */
    void write(Dataset<Row> rows, PrintWriter messages) throws InterruptedException {
        Observation seen = new Observation("recordings");
        Dataset<Row> observed =
                rows.observe(seen, count(lit(1)).as("all"), count(col("error")).as("errors"));
        Dataset<Row> written = format == Format.CSV ? flat(observed) : observed;
        written.write()
                .format(format.name().toLowerCase(Locale.ROOT))
                .option("header", true)
                .mode(force ? SaveMode.Overwrite : SaveMode.ErrorIfExists)
                .save(output);
        Map<String, Object> counts = seen.getAsJava();
        messages.println(counts.get("all") + " recordings, " + counts.get("errors")
                + " with an error (column error); written to " + output);
    }

    private static Dataset<Row> flat(Dataset<Row> rows) {
        return rows.drop(Arrays.stream(rows.schema().fields())
                .filter(field -> field.dataType() instanceof ArrayType || field.dataType() instanceof StructType)
                .map(StructField::name)
                .toArray(String[]::new));
    }
}
