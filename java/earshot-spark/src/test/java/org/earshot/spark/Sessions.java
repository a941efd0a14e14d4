package org.earshot.spark;

import org.apache.spark.sql.SparkSession;

/** Spark sessions of tests. */
final class Sessions {
    private Sessions() {}

    /** Starts one without a page, with settings as names and values in turns. */
    static SparkSession start(SparkSession.Builder builder, String... settings) {
        builder.config("spark.ui.enabled", false);
        for (int i = 0; i < settings.length; i += 2) {
            builder.config(settings[i], settings[i + 1]);
        }
        return builder.getOrCreate();
    }
}
