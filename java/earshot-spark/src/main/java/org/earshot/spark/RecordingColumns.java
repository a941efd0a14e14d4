package org.earshot.spark;

import java.io.Serializable;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.earshot.RecordingContext;
import org.earshot.dataset.DatasetException;
import org.earshot.dataset.RecordTime;
import org.earshot.files.Quoted;

/**
 * Where a row has its recording, found once from the schema.
 *
 * @param path position of the path
 * @param content of the content, -1 if the recording is read by its path
 * @param features of the features, -1 if they are computed
 * @param city of the city, -1 if none is known
 * @param time of the time, likewise
 * @param kept positions of the columns that answers are added to: all but the sound itself
 * @param zone in which timestamps with a time zone are local
 */
record RecordingColumns(int path, int content, int features, int city, int time, List<Integer> kept, String zone)
        implements Serializable {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);

    /**
     * Finds the columns.
     *
     * @throws DatasetException if one is missing or of another type
     */
    static RecordingColumns of(ColumnNames names, SparkOptions options, String zone) {
        int content = names.find(options.content(), "withContentColumn", DataTypes.BinaryType);
        int features = names.find(options.features(), "withFeaturesColumn", FLOATS);
        return new RecordingColumns(
                names.find(Optional.of(options.path()), "withPathColumn", DataTypes.StringType),
                content,
                features,
                names.find(options.city(), "withCityColumn", DataTypes.StringType),
                names.find(
                        options.time(),
                        "withTimeColumn",
                        DataTypes.StringType,
                        DataTypes.TimestampType,
                        DataTypes.TimestampNTZType),
                IntStream.range(0, names.schema().length())
                        .filter(column -> column != content && column != features)
                        .boxed()
                        .toList(),
                zone);
    }

    /** A column by its whole name, in which a dot is only a dot. */
    static Column column(String name) {
        return functions.col("`" + name.replace("`", "``") + "`");
    }

    /**
     * The columns that are kept, with others behind them.
     *
     * @throws DatasetException if one of the others is there already
     */
    StructType schema(ColumnNames recordings, List<StructField> added) {
        StructField[] fields = Stream.concat(
                        kept.stream().map(column -> recordings.schema().fields()[column]), added.stream())
                .toArray(StructField[]::new);
        List<String> before = kept.stream()
                .map(column -> recordings.schema().fieldNames()[column])
                .toList();
        for (StructField field : added) {
            if (before.stream().anyMatch(name -> recordings.same(name, field.name()))) {
                throw new DatasetException(
                        "column " + field.name(),
                        "one of this name in the recordings",
                        "none, as the answers have one: rename it");
            }
        }
        return new StructType(fields);
    }

    /** A row's values that are kept, and room for so many others behind them. */
    Object[] values(Row row, int added) {
        Object[] values = new Object[kept.size() + added];
        for (int i = 0; i < kept.size(); i++) {
            values[i] = row.get(kept.get(i));
        }
        return values;
    }

    /** What the row calls its recording. */
    String name(Row row) {
        return row.isNullAt(path) ? "a row without a path" : row.getString(path);
    }

    /** Adds the row's recording to those that are classified together. */
    void add(Row row, RecordingBatch batch) {
        String name = name(row);
        if (row.isNullAt(sound())) {
            batch.addWithout(name, name + ": found no recording (null); expected one");
        } else if (features >= 0) {
            batch.addFeatures(name, () -> floats(row), () -> context(row));
        } else if (content >= 0) {
            batch.add(name, row.<byte[]>getAs(content), () -> context(row));
        } else {
            batch.add(name, () -> context(row));
        }
    }

    /** Position of what is heard: features, or content, or the path. */
    int sound() {
        return features >= 0 ? features : content >= 0 ? content : path;
    }

    /**
     * A row's features.
     *
     * @throws DatasetException if one of them is null, as Spark's arrays may hold
     */
    float[] floats(Row row) {
        List<Float> values = row.getList(features);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            Float value = values.get(i);
            if (value == null) {
                throw new DatasetException(name(row) + ": features[" + i + "]", "null", "a number");
            }
            floats[i] = value;
        }
        return floats;
    }

    /**
     * Where and when the row's recording was made.
     *
     * @throws DatasetException if its time is none
     */
    RecordingContext context(Row row) {
        return context(city < 0 ? null : row.getString(city), time < 0 ? null : row.get(time), zone);
    }

    /** Where and when, as SQL has them. */
    static RecordingContext context(String city, Object time, String zone) {
        return RecordingContext.of(city == null || city.isBlank() ? null : city, local(time, zone));
    }

    private static LocalDateTime local(Object time, String zone) {
        if (time instanceof String text) {
            return text.isBlank()
                    ? null
                    : RecordTime.parse(text)
                            .orElseThrow(() -> new DatasetException("time", Quoted.of(text), RecordTime.FORMS));
        }
        if (time instanceof Timestamp stamp) {
            return LocalDateTime.ofInstant(stamp.toInstant(), ZoneId.of(zone));
        }
        return time instanceof Instant instant
                ? LocalDateTime.ofInstant(instant, ZoneId.of(zone))
                : (LocalDateTime) time;
    }
}
