package org.earshot.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.dataset.SetClassification;
import org.earshot.error.EarshotException;

/** Scores the first clips of a partition's recordings with one model or several, as the work on sets does. */
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

    private final ArrayList<Broadcast<ModelSource>> models;
    private final Broadcast<SerializableConfiguration> hadoop;
    private final SparkOptions options;
    private final RecordingColumns columns;

    /** All models have the same feature parameters. */
    ScorePartition(
            List<Broadcast<ModelSource>> models,
            Broadcast<SerializableConfiguration> hadoop,
            SparkOptions options,
            RecordingColumns columns) {
        this.models = new ArrayList<>(models);
        this.hadoop = hadoop;
        this.options = options;
        this.columns = columns;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return rows; // Nothing is loaded for nothing.
        }
        List<SceneClassifier> classifiers = new ArrayList<>();
        for (Broadcast<ModelSource> model : models) {
            ExecutorClassifiers.Lease lease = ExecutorClassifiers.lease(model.value(), options);
            TaskCompletionListener end = task -> lease.close();
            TaskContext.get().addTaskCompletionListener(end);
            classifiers.add(lease.classifier());
        }
        RowFeatures features = new RowFeatures(
                columns,
                options,
                classifiers.get(0).config().features(),
                hadoop.value().value());
        return new MappedRows(rows, row -> {
            Object[] values = columns.values(row, ADDED.size());
            try {
                values[values.length - 2] = scores(classifiers, features, row);
            } catch (EarshotException e) {
                RecordingBatch.requireFault(e);
                values[values.length - 1] = e.getMessage();
            }
            return RowFactory.create(values);
        });
    }

    private float[][] scores(List<SceneClassifier> classifiers, RowFeatures features, Row row) {
        RecordingContext context = columns.context(row);
        float[] values = features.of(row);
        Path name = EarshotSpark.subject(columns.name(row));
        return classifiers.stream()
                .map(classifier -> SetClassification.scores(
                        classifier,
                        name,
                        values,
                        values.length / classifier.config().features().melBands(),
                        context))
                .toArray(float[][]::new);
    }
}
