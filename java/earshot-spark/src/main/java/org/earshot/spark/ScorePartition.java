package org.earshot.spark;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.earshot.error.EarshotException;

/** Adds to a partition's rows the scores of their recordings' first clips. */
final class ScorePartition implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** Column: for each model, the probabilities of its labels in their order. */
    static final String SCORES = "scores";

    /** Column: what is wrong with the recording. */
    static final String ERROR = "error";

    /** What is added to the rows. */
    static final List<StructField> ADDED = List.of(
            DataTypes.createStructField(
                    SCORES,
                    DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType, false), false),
                    true),
            DataTypes.createStructField(ERROR, DataTypes.StringType, true));

    private final Scorer scorer;

    ScorePartition(Scorer scorer) {
        this.scorer = scorer;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return rows; // Nothing is loaded for nothing.
        }
        RecordingColumns columns = scorer.columns();
        Scorer.InTask task = scorer.inTask();
        return new MappedRows(rows, row -> {
            Object[] values = columns.values(row, ADDED.size());
            try {
                values[values.length - 2] = task.scores(row, columns.context(row));
            } catch (EarshotException e) {
                RecordingBatch.requireFault(e);
                values[values.length - 1] = e.getMessage();
            }
            return RowFactory.create(values);
        });
    }
}
