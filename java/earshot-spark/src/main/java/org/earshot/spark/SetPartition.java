package org.earshot.spark;

import java.io.Serializable;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.earshot.RecordingContext;
import org.earshot.error.EarshotException;

/** Scores those of a partition's rows that have a label, for a set that is measured. */
final class SetPartition implements FlatMapFunction<Iterator<Row>, SetPartition.Scored> {
    private static final long serialVersionUID = 1L;

    /** What a row says itself. */
    private static final List<Told> OWN = Collections.singletonList(null);

    private final Scorer scorer;
    private final int order;
    private final int name;
    private final int label;
    /** By the names of recordings, each place and time that they are said to be of; null if their rows say it. */
    private final Broadcast<Map<String, List<Told>>> told;

    /** A recording that was scored, on its way to the driver. No record, as Kryo makes none. */
    static final class Scored implements Serializable {
        private static final long serialVersionUID = 1L;

        private final Told told;
        private final String name;
        private final String label;
        private final String error;
        private final float[][] scores;

        private Scored(Told told, String name, String label, String error, float[][] scores) {
            this.told = told;
            this.name = name;
            this.label = label;
            this.error = error;
            this.scores = scores;
        }

        /** Its place in the set. */
        long order() {
            return told.order;
        }

        String name() {
            return name;
        }

        String label() {
            return label;
        }

        /** What is wrong with it, null for nothing. */
        String error() {
            return error;
        }

        /** Unknown if something is wrong with it. */
        RecordingContext context() {
            return told.context();
        }

        /** Of each model; null if something is wrong with it. */
        float[][] scores() {
            return scores;
        }
    }

    /** Which place a recording has, and where and when it was made or is said to have been. No record, as above. */
    static final class Told implements Serializable {
        private static final long serialVersionUID = 1L;

        private final long order;
        private final String city;
        private final LocalDateTime time;

        Told(long order, RecordingContext context) {
            this.order = order;
            city = context.city().orElse(null);
            time = context.time().orElse(null);
        }

        private RecordingContext context() {
            return RecordingContext.of(city, time);
        }
    }

    SetPartition(Scorer scorer, SetRows rows, Broadcast<Map<String, List<Told>>> told) {
        this.scorer = scorer;
        order = rows.order();
        name = rows.name();
        label = rows.label();
        this.told = told;
    }

    @Override
    public Iterator<Scored> call(Iterator<Row> rows) {
        Scorer.InTask task = null;
        List<Scored> scored = new ArrayList<>();
        while (rows.hasNext()) {
            Row row = rows.next();
            List<Told> all = told == null ? OWN : told.value().get(name(row));
            if (all != null && isLabelled(row)) {
                // Nothing is loaded for nothing.
                task = task == null ? scorer.inTask() : task;
                for (Told said : all) {
                    scored.add(score(task, row, said));
                }
            }
        }
        return scored.iterator();
    }

    /** As Spark's trim takes it: blanks are no label. */
    private boolean isLabelled(Row row) {
        return !row.isNullAt(label) && row.getString(label).chars().anyMatch(character -> character != ' ');
    }

    private String name(Row row) {
        return String.valueOf(row.get(name));
    }

    /** Rows without a place come first, as Spark sorts them. */
    private long place(Row row) {
        return order < 0 || row.isNullAt(order) ? Long.MIN_VALUE : row.getLong(order);
    }

    private Scored score(Scorer.InTask task, Row row, Told said) {
        long place = said != null ? said.order : place(row);
        try {
            RecordingContext context =
                    said != null ? said.context() : scorer.columns().context(row);
            float[][] scores = task.scores(row, context);
            return new Scored(new Told(place, context), name(row), row.getString(label), null, scores);
        } catch (EarshotException e) {
            RecordingBatch.requireFault(e);
            Told unknown = new Told(place, RecordingContext.unknown());
            return new Scored(unknown, name(row), row.getString(label), e.getMessage(), null);
        }
    }
}
