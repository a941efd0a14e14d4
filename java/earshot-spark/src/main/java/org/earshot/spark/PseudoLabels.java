package org.earshot.spark;

import static org.apache.spark.sql.functions.array_max;
import static org.apache.spark.sql.functions.array_position;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.encode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.Metadata;
import org.earshot.files.Quoted;
import org.earshot.labelling.LabellingRule;

/**
 * {@link org.earshot.labelling.Selection}, where the ranking is too long for one machine. What is sorted is confidence
 * and name alone; the place at which the share ends then divides the rows where they are.
 */
final class PseudoLabels {
    private static final String KEY = "key";

    private PseudoLabels() {}

    /**
     * Chooses.
     *
     * @param scored with the columns of {@link ScorePartition}
     * @param labels of each model, the first one's first
     * @param name column by which equals are ranked
     */
    static Dataset<Row> of(Dataset<Row> scored, List<List<String>> labels, LabellingRule rule, String name) {
        Dataset<Row> answers = scored.withColumn(Metadata.FIRST_LABEL, label(labels, 0))
                .withColumn(Metadata.CONFIDENCE, answered(array_max(scores(0))))
                .withColumn(
                        Metadata.SECOND_LABEL, labels.size() == 1 ? lit(null).cast("string") : label(labels, 1))
                // Computed once: all that follows reads it several times.
                .persist(StorageLevel.MEMORY_AND_DISK());
        requireDifferent(answers, name);
        Column key = key(name);
        Dataset<Row> ranked = answers.filter(col(ScorePartition.ERROR).isNull());
        long kept = rule.count(ranked.count());
        Column among = kept == 0 ? lit(false) : among(ranked, key, kept);
        Column sure = among.and(col(Metadata.CONFIDENCE).cast("double").geq(rule.minimumConfidence()));
        Column step = when(col(ScorePartition.ERROR).isNotNull(), lit(null).cast("int"))
                .when(sure, 1)
                .when(col(Metadata.SECOND_LABEL).equalTo(col(Metadata.FIRST_LABEL)), 2);
        return answers.withColumn(Metadata.STEP, step)
                .withColumn(Metadata.SCENE_LABEL, when(col(Metadata.STEP).isNotNull(), col(Metadata.FIRST_LABEL)));
    }

    /** Of equally probable labels the first. */
    private static Column label(List<List<String>> labels, int model) {
        Column position =
                array_position(scores(model), array_max(scores(model))).cast("int");
        Column names =
                functions.array(labels.get(model).stream().map(functions::lit).toArray(Column[]::new));
        return answered(element_at(names, position));
    }

    /** Nothing where there are no scores: of a position that is null, Spark takes the last label. */
    private static Column answered(Column column) {
        return when(col(ScorePartition.ERROR).isNull(), column);
    }

    private static Column scores(int model) {
        return col(ScorePartition.SCORES).getItem(model);
    }

    /** Names in the order that Java compares them in: by UTF-16, not UTF-8. */
    private static Column key(String name) {
        return encode(RecordingColumns.column(name), "UTF-16BE");
    }

    /** Whether a row is among so many that lead the ranking. */
    private static Column among(Dataset<Row> ranked, Column key, long kept) {
        List<Row> last = ranked.select(col(Metadata.CONFIDENCE), key.as(KEY))
                .orderBy(col(Metadata.CONFIDENCE).desc(), col(KEY).asc())
                .toJavaRDD()
                .zipWithIndex()
                .filter(row -> row._2() == kept - 1)
                .map(row -> row._1())
                .collect();
        Column confidence = col(Metadata.CONFIDENCE);
        Column least = lit(last.get(0).getFloat(0));
        byte[] lastKey = last.get(0).getAs(1);
        return confidence.gt(least).or(confidence.equalTo(least).and(key.leq(lit(lastKey))));
    }

    /** Equals could not be ranked. */
    private static void requireDifferent(Dataset<Row> rows, String name) {
        List<Row> twice = rows.groupBy(RecordingColumns.column(name).as(KEY))
                .agg(count(lit(1)).as("rows"))
                .filter(col("rows").gt(1).or(col(KEY).isNull()))
                .limit(1)
                .collectAsList();
        if (!twice.isEmpty()) {
            Row row = twice.get(0);
            throw sameName(
                    name,
                    row.isNullAt(0)
                            ? "a row without a name"
                            : Quoted.of(row.getString(0)) + " in " + row.getLong(1) + " rows");
        }
    }

    /** What is to be said of rows that could not be told apart. */
    static DatasetException sameName(String column, String found) {
        return new DatasetException("column " + column, found, "another name in each");
    }
}
