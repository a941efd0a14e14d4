package org.earshot.spark;

import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.earshot.dataset.ClipFeatures;
import org.earshot.dataset.DatasetException;
import org.earshot.features.FeatureParameters;

/** The features of rows' recordings, first clips as in all work on sets: read from the rows, or computed. */
final class RowFeatures {
    private final RecordingColumns columns;
    private final RecordingFiles files;
    private final ClipFeatures clips;
    private final float[] target;

    RowFeatures(RecordingColumns columns, SparkOptions options, FeatureParameters parameters, Configuration hadoop) {
        this.columns = columns;
        files = new RecordingFiles(hadoop);
        clips = new ClipFeatures(parameters, options.limits());
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
            float[] values = RecordingColumns.floats(row, columns.features());
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
