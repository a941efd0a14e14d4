package org.earshot.spark;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What a Spark application's executors have been sent: each model once, however often it is used, and as long as a data
 * frame is computed by it.
 */
final class Shipped {
    private static final Map<SparkContext, Shipped> APPLICATIONS = new HashMap<>();

    private final Broadcast<SerializableConfiguration> hadoop;
    /** Spark takes back what nothing refers to. */
    private final Map<String, Reference<Broadcast<ModelSource>>> models = new HashMap<>();

    private final Map<String, Read> read = new HashMap<>();
    private final JavaSparkContext context;

    private Shipped(SparkContext spark) {
        context = JavaSparkContext.fromSparkContext(spark);
        hadoop = context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        spark.addSparkListener(new SparkListener() {
            @Override
            public void onApplicationEnd(SparkListenerApplicationEnd end) {
                // In local mode this is the JVM that computes, and it goes on.
                ExecutorClassifiers.closeAll();
                synchronized (APPLICATIONS) {
                    APPLICATIONS.remove(spark);
                }
            }
        });
    }

    /** What a session's application has been sent. */
    static Shipped to(SparkSession session) {
        return to(session.sparkContext());
    }

    /** What an application has been sent. */
    static Shipped to(SparkContext spark) {
        synchronized (APPLICATIONS) {
            return APPLICATIONS.computeIfAbsent(spark, Shipped::new);
        }
    }

    /** Names the file systems. */
    Broadcast<SerializableConfiguration> hadoop() {
        return hadoop;
    }

    /**
     * A model and when its files were written.
     *
     * @param version as {@link ModelSource#version} has it
     */
    private record Read(String version, ModelSource model) {}

    /** A model by its location, which is read again if its files have been written since. */
    synchronized ModelSource read(String location) {
        Configuration files = hadoop.value().value();
        String version = ModelSource.version(location, files);
        Read last = read.get(location);
        if (last == null || !last.version.equals(version)) {
            last = new Read(version, ModelSource.read(location, files));
            read.put(location, last);
        }
        return last.model;
    }

    /** A model, which is sent when an executor first asks for it. */
    synchronized Broadcast<ModelSource> model(ModelSource model) {
        Reference<Broadcast<ModelSource>> sent = models.get(model.digest());
        Broadcast<ModelSource> found = sent == null ? null : sent.get();
        if (found == null) {
            models.values().removeIf(reference -> reference.get() == null);
            found = context.broadcast(model);
            models.put(model.digest(), new WeakReference<>(found));
        }
        return found;
    }

    /** What scores rows with models, which have the same feature parameters. */
    Scorer scorer(List<ModelSource> scoring, SparkOptions options, RecordingColumns columns) {
        return new Scorer(new ArrayList<>(scoring.stream().map(this::model).toList()), hadoop, options, columns);
    }
}
