package org.earshot.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.earshot.ScenePrediction;
import org.earshot.ScenePrediction.ScoredScene;
import org.earshot.ScenePrediction.TwoStages;

/**
 * An answer as columns: those that {@code tools/earshot classify --json} has as fields, and null where it has none.
 *
 * @param twoStages whether there are {@code coarse} and {@code fine}
 * @param embedding whether there is {@code embedding}
 */
record PredictionColumns(boolean twoStages, boolean embedding) implements Serializable {
    private static final double NANOSECONDS = 1e9;

    private static final StructType SCENE =
            new StructType().add("label", DataTypes.StringType, false).add("probability", DataTypes.FloatType, false);

    private static final DataType RANKING = DataTypes.createArrayType(SCENE, false);

    private static final StructType RANKED = SCENE.add("ranking", RANKING, false);

    private static final DataType WINDOWS = DataTypes.createArrayType(
            new StructType()
                    .add("start", DataTypes.DoubleType, false)
                    .add("length", DataTypes.DoubleType, false)
                    .add("label", DataTypes.StringType, false)
                    .add("probability", DataTypes.FloatType, false)
                    .add("ranking", RANKING, false),
            false);

    /** The columns, in the order of {@link #values}. */
    List<StructField> fields() {
        List<StructField> fields = new ArrayList<>();
        add(fields, "label", DataTypes.StringType);
        add(fields, "probability", DataTypes.FloatType);
        add(fields, "ranking", RANKING);
        if (twoStages) {
            add(fields, "coarse", RANKED);
            add(fields, "fine", RANKED);
        }
        add(fields, "notes", DataTypes.createArrayType(DataTypes.StringType, false));
        add(fields, "windows", WINDOWS);
        if (embedding) {
            add(fields, "embedding", DataTypes.createArrayType(DataTypes.FloatType, false));
        }
        add(fields, "backend", DataTypes.StringType);
        add(fields, "error", DataTypes.StringType);
        return fields;
    }

    private static void add(List<StructField> fields, String name, DataType type) {
        fields.add(DataTypes.createStructField(name, type, true));
    }

    /**
     * What became of a recording.
     *
     * @param prediction the answer, null if there is none
     * @param vector the embedding, null if there is none or none is wanted
     * @param backend that the answer is of
     * @param error what is wrong, null for nothing
     */
    Object[] values(ScenePrediction prediction, float[] vector, String backend, String error) {
        List<Object> values = new ArrayList<>();
        boolean none = prediction == null;
        values.add(none ? null : prediction.label());
        values.add(none ? null : prediction.probability());
        values.add(none ? null : ranking(prediction.ranking()));
        if (twoStages) {
            TwoStages stages = none ? null : prediction.stages().orElseThrow();
            values.add(none ? null : ranked(stages.coarse()));
            values.add(none ? null : ranked(stages.fine()));
        }
        values.add(
                none || prediction.notes().isEmpty() ? null : prediction.notes().toArray());
        values.add(none || prediction.windows().size() == 1 ? null : windows(prediction));
        if (embedding) {
            values.add(vector);
        }
        values.add(none ? null : backend);
        values.add(error);
        return values.toArray();
    }

    private static Object[] ranking(List<ScoredScene> scenes) {
        return scenes.stream()
                .map(scene -> RowFactory.create(scene.label(), scene.probability()))
                .toArray();
    }

    private static Row ranked(List<ScoredScene> scenes) {
        return RowFactory.create(scenes.get(0).label(), scenes.get(0).probability(), ranking(scenes));
    }

    private static Object[] windows(ScenePrediction prediction) {
        return prediction.windows().stream()
                .map(window -> {
                    List<ScoredScene> scenes = window.ranking();
                    return RowFactory.create(
                            window.start().toNanos() / NANOSECONDS,
                            window.length().toNanos() / NANOSECONDS,
                            scenes.get(0).label(),
                            scenes.get(0).probability(),
                            ranking(scenes));
                })
                .toArray();
    }
}
