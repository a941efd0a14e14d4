package org.earshot.spark;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.earshot.RecordingContext;
import org.earshot.SceneClassifier;
import org.earshot.dataset.SetClassification;

/**
 * Scores the first clips of rows' recordings with one model or several, as the work on sets does.
 *
 * @param models all with the same feature parameters
 * @param hadoop names the file systems
 * @param options how to compute
 * @param columns where a row has its recording
 */
record Scorer(
        ArrayList<Broadcast<ModelSource>> models,
        Broadcast<SerializableConfiguration> hadoop,
        SparkOptions options,
        RecordingColumns columns)
        implements Serializable {
    /** What a task scores with, until it ends. */
    final class InTask {
        private final List<SceneClassifier> classifiers = new ArrayList<>();
        private final RowFeatures features;

        private InTask() {
            for (Broadcast<ModelSource> model : models) {
                ExecutorClassifiers.Lease lease = ExecutorClassifiers.lease(model.value(), options);
                TaskCompletionListener end = task -> lease.close();
                TaskContext.get().addTaskCompletionListener(end);
                classifiers.add(lease.classifier());
            }
            features = new RowFeatures(
                    columns,
                    options,
                    classifiers.get(0).config().features(),
                    hadoop.value().value());
        }

        /**
         * A row's scores.
         *
         * @param context where and when its recording was made, or is said to have been
         * @return {@code [models][classes]}: probabilities, classes in the order of the model's labels
         * @throws org.earshot.error.EarshotException if something is wrong with the recording, or if the task is to end
         */
        float[][] scores(Row row, RecordingContext context) {
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

    /** For the task that runs in this thread. */
    InTask inTask() {
        return new InTask();
    }
}
