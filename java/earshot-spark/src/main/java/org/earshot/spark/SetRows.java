package org.earshot.spark;

import java.time.ZoneId;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of a set that is measured, and where they have what.
 *
 * @param rows the recordings
 * @param recording where a row has its recording, its city and its time
 * @param order position of its place in the set, -1 if none is known
 * @param name position of its name
 * @param label position of the right answer
 */
record SetRows(JavaRDD<Row> rows, RecordingColumns recording, int order, int name, int label) {
    /** Those of a data frame, without the columns that nobody asks for. */
    static SetRows of(Dataset<Row> recordings, SparkOptions options) {
        ColumnNames names = ColumnNames.of(recordings);
        String zone = EarshotSpark.zone(recordings.sparkSession());
        // Before they are chosen, as Spark's own message would not say how to name another.
        RecordingColumns.of(names, options, zone);
        label(names, options);
        TreeSet<String> chosen = new TreeSet<>(names.exact() ? null : String.CASE_INSENSITIVE_ORDER);
        Stream.of(
                        Optional.of(options.path()),
                        options.content(),
                        options.features(),
                        options.city(),
                        options.time(),
                        Optional.of(options.name()),
                        Optional.of(options.label()),
                        options.order())
                .flatMap(Optional::stream)
                .forEach(chosen::add);
        Dataset<Row> wanted =
                recordings.select(chosen.stream().map(RecordingColumns::column).toArray(Column[]::new));
        if (options.order().isPresent()) {
            String order = options.order().get();
            wanted = wanted.withColumn(order, RecordingColumns.column(order).cast("long"));
        }
        return of(wanted.javaRDD(), ColumnNames.of(wanted), options, zone);
    }

    /** Those of a list. */
    static SetRows of(JavaRDD<Row> recordings, StructType schema, SparkOptions options) {
        String zone = recordings
                .context()
                .getConf()
                .get("spark.sql.session.timeZone", ZoneId.systemDefault().getId());
        return of(recordings, new ColumnNames(schema, true), options, zone);
    }

    private static SetRows of(JavaRDD<Row> rows, ColumnNames names, SparkOptions options, String zone) {
        return new SetRows(
                rows,
                RecordingColumns.of(names, options, zone),
                names.find(options.order(), "withOrderColumn", DataTypes.LongType),
                names.find(Optional.of(options.name()), "withNameColumn"),
                label(names, options));
    }

    private static int label(ColumnNames names, SparkOptions options) {
        return names.find(Optional.of(options.label()), "withLabelColumn", DataTypes.StringType);
    }
}
