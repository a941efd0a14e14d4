package org.earshot.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/** Classifies the recordings of a partition, some at a time, as its rows are asked for. */
final class ClassifyPartition implements MapPartitionsFunction<Row, Row> {
    private static final long serialVersionUID = 1L;

    /** Recordings that are in memory at once, each at most a window long: as many as a classifier computes together. */
    private static final int BATCH = 8;

    private final Broadcast<ModelSource> model;
    private final Broadcast<SerializableConfiguration> hadoop;
    private final SparkOptions options;
    private final RecordingColumns recording;
    private final PredictionColumns added;

    ClassifyPartition(
            Broadcast<ModelSource> model,
            Broadcast<SerializableConfiguration> hadoop,
            SparkOptions options,
            RecordingColumns recording,
            PredictionColumns added) {
        this.model = model;
        this.hadoop = hadoop;
        this.options = options;
        this.recording = recording;
        this.added = added;
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        if (!rows.hasNext()) {
            return rows; // Nothing is loaded for nothing.
        }
        ExecutorClassifiers.Lease lease = ExecutorClassifiers.lease(model.value(), options);
        TaskCompletionListener end = task -> lease.close();
        TaskContext.get().addTaskCompletionListener(end);
        return new Answers(rows, lease);
    }

    private final class Answers implements Iterator<Row> {
        private final Iterator<Row> rows;
        private final ExecutorClassifiers.Lease lease;
        private final RecordingFiles files = new RecordingFiles(hadoop.value().value());
        private final Queue<Row> ready = new ArrayDeque<>();

        Answers(Iterator<Row> rows, ExecutorClassifiers.Lease lease) {
            this.rows = rows;
            this.lease = lease;
        }

        @Override
        public boolean hasNext() {
            return !ready.isEmpty() || rows.hasNext();
        }

        @Override
        public Row next() {
            if (ready.isEmpty()) {
                if (!rows.hasNext()) {
                    throw new NoSuchElementException();
                }
                compute();
            }
            return ready.remove();
        }

        private void compute() {
            RecordingBatch batch = new RecordingBatch(lease.classifier(), files, options);
            List<Object[]> kept = new ArrayList<>();
            int columns = added.fields().size();
            while (rows.hasNext() && batch.size() < BATCH) {
                Row row = rows.next();
                recording.add(row, batch);
                kept.add(recording.values(row, columns));
            }
            List<RecordingBatch.Answer> answers = batch.answers();
            for (int i = 0; i < answers.size(); i++) {
                RecordingBatch.Answer answer = answers.get(i);
                Object[] own = added.values(
                        answer.prediction(),
                        answer.embedding(),
                        lease.classifier().backend(),
                        answer.error());
                Object[] values = kept.get(i);
                System.arraycopy(own, 0, values, values.length - own.length, own.length);
                ready.add(RowFactory.create(values));
            }
        }
    }
}
