package org.earshot.spark;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.util.SerializableConfiguration;
import org.earshot.error.EarshotException;

/** Computes the features of a partition's recordings. */
final class FeaturePartition implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** What is added to the rows. */
    static final List<StructField> ADDED = List.of(
            DataTypes.createStructField("features", DataTypes.createArrayType(DataTypes.FloatType, false), true),
            DataTypes.createStructField("error", DataTypes.StringType, true));

    private final Broadcast<ModelSource> model;
    private final Broadcast<SerializableConfiguration> hadoop;
    private final SparkOptions options;
    private final RecordingColumns columns;

    FeaturePartition(
            Broadcast<ModelSource> model,
            Broadcast<SerializableConfiguration> hadoop,
            SparkOptions options,
            RecordingColumns columns) {
        this.model = model;
        this.hadoop = hadoop;
        this.options = options;
        this.columns = columns;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        RowFeatures features = new RowFeatures(
                columns,
                options,
                model.value().config().features(),
                hadoop.value().value());
        return new MappedRows(rows, row -> {
            Object[] values = columns.values(row, ADDED.size());
            try {
                values[values.length - 2] = features.of(row);
            } catch (EarshotException e) {
                RecordingBatch.requireFault(e);
                values[values.length - 1] = e.getMessage();
            }
            return RowFactory.create(values);
        });
    }
}
