package org.earshot.spark;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.earshot.audio.AudioLimits;
import org.earshot.dataset.ClipFeatures;
import org.earshot.dataset.DatasetException;
import org.earshot.features.FeatureParameters;

/** The features of rows' recordings, first clips as in all work on sets: read from the rows, or computed. */
final class RowFeatures {
    /** One for each front end, which all tasks of this JVM share: to start a backend takes longer than a clip. */
    private static final Map<FrontEnd, ClipFeatures> FRONT_ENDS = new ConcurrentHashMap<>();

    private record FrontEnd(FeatureParameters parameters, AudioLimits limits) {}

    private final RecordingColumns columns;
    private final RecordingFiles files;
    private final ClipFeatures clips;
    private final float[] target;

    RowFeatures(RecordingColumns columns, SparkOptions options, FeatureParameters parameters, Configuration hadoop) {
        this.columns = columns;
        files = new RecordingFiles(hadoop);
        clips = FRONT_ENDS.computeIfAbsent(
                new FrontEnd(parameters, options.limits()), end -> new ClipFeatures(end.parameters, end.limits));
        target = new float[parameters.frames() * parameters.melBands()];
    }

    /**
     * A row's features.
     *
     * @return {@code [frames, bands]}, as many values as there are
     * @throws org.earshot.error.EarshotException if there are none, or the recording cannot be read
     */
    float[] of(Row row) {
        String name = columns.name(row);
        if (row.isNullAt(columns.sound())) {
            throw new DatasetException(name, "no recording (null)", "one");
        }
        int bands = clips.parameters().melBands();
        if (columns.features() >= 0) {
            float[] values = columns.floats(row);
            if (values.length % bands != 0 || values.length > target.length) {
                throw new DatasetException(
                        name,
                        values.length + " features",
                        "whole frames of " + bands + " bands, at most "
                                + clips.parameters().frames() + ", as the model has");
            }
            return values;
        }
        int frames = columns.content() >= 0
                ? files.with(name, row.<byte[]>getAs(columns.content()), file -> clips.read(file, target))
                : files.with(name, file -> clips.read(file, target));
        return Arrays.copyOf(target, frames * bands);
    }
}
