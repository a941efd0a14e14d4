package org.earshot.spark;

import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.earshot.RecordingContext;
import org.earshot.dataset.DatasetException;
import org.earshot.error.ModelException;

/** The functions that SQL has, one recording at a time. */
final class SqlFunctions {
    /** Setting: the model directory that the functions use. */
    static final String MODEL = "spark.earshot.model";

    /** Setting: the backend. */
    static final String BACKEND = "spark.earshot.backend";

    /** Classifies: path, city and time, of which the last two may be null. */
    static final String CLASSIFY = "earshot_classify";

    /** Embeds: path. */
    static final String EMBED = "earshot_embed";

    private SqlFunctions() {}

    /** The functions by their names, with the model that the session's settings name. */
    static Map<String, UserDefinedFunction> of(SparkSession session) {
        String location = session.conf().get(MODEL, "");
        if (location.isEmpty()) {
            throw new ModelException(MODEL, "no such setting", "the model directory that " + CLASSIFY + " uses");
        }
        ModelSource model = Shipped.to(session).read(location);
        SparkOptions options = SparkOptions.defaults()
                .withBackend(session.conf()
                        .get(BACKEND, SparkOptions.defaults().compute().backend()));
        return of(session, model, options);
    }

    /** The functions by their names, with a given model. */
    static Map<String, UserDefinedFunction> of(SparkSession session, ModelSource model, SparkOptions options) {
        Shipped shipped = Shipped.to(session);
        OneRecording one =
                new OneRecording(shipped.model(model), shipped.hadoop(), options, EarshotSpark.zone(session));
        PredictionColumns columns = new PredictionColumns(model.twoStages(), false);
        StructType answer = new StructType(columns.fields().toArray(StructField[]::new));
        OneRecording embedding = one.withEmbedding();
        // Times may be texts or timestamps: they come as they are. So do all others, which may be anything by mistake:
        // Java would complain only where it casts them.
        UDF3<Object, Object, Object, Row> classify = (path, city, time) ->
                one.classify(text(CLASSIFY, "path", path), text(CLASSIFY, "city", city), time(CLASSIFY, time), columns);
        UDF1<Object, Object> embed = path -> embedding.embed(text(EMBED, "path", path));
        return Map.of(
                CLASSIFY, functions.udf(classify, answer).withName(CLASSIFY),
                EMBED,
                        functions
                                .udf(embed, DataTypes.createArrayType(DataTypes.FloatType, false))
                                .withName(EMBED));
    }

    private static String text(String function, String argument, Object value) {
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw unusable(function, argument, value, "a string");
    }

    private static Object time(String function, Object value) {
        if (value == null
                || value instanceof String
                || value instanceof Timestamp
                || value instanceof Instant
                || value instanceof LocalDateTime) {
            return value;
        }
        throw unusable(function, "time", value, "a string or a timestamp");
    }

    private static DatasetException unusable(String function, String argument, Object value, String expected) {
        return new DatasetException(
                function,
                "the " + argument + " " + value + " (" + value.getClass().getSimpleName() + ")",
                expected);
    }

    /** What both do. */
    private record OneRecording(
            Broadcast<ModelSource> model,
            Broadcast<SerializableConfiguration> hadoop,
            SparkOptions options,
            String zone)
            implements java.io.Serializable {
        OneRecording withEmbedding() {
            return new OneRecording(model, hadoop, options.withEmbedding(true), zone);
        }

        Row classify(String path, String city, Object time, PredictionColumns columns) {
            if (path == null) {
                return null;
            }
            try (ExecutorClassifiers.Lease lease = ExecutorClassifiers.lease(model.value(), options)) {
                RecordingBatch.Answer answer = answer(lease, path, () -> RecordingColumns.context(city, time, zone));
                return RowFactory.create(columns.values(
                        answer.prediction(), null, lease.classifier().backend(), answer.error()));
            }
        }

        /** Null for what cannot be read. */
        float[] embed(String path) {
            if (path == null) {
                return null;
            }
            try (ExecutorClassifiers.Lease lease = ExecutorClassifiers.lease(model.value(), options)) {
                return answer(lease, path, RecordingContext::unknown).embedding();
            }
        }

        private RecordingBatch.Answer answer(
                ExecutorClassifiers.Lease lease, String path, RecordingBatch.Context context) {
            RecordingBatch batch = new RecordingBatch(
                    lease.classifier(), new RecordingFiles(hadoop.value().value()), options);
            batch.add(path, context);
            List<RecordingBatch.Answer> answers = batch.answers();
            return answers.get(0);
        }
    }
}
