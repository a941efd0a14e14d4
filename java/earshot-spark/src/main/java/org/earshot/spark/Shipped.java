package org.earshot.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.WeakHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** What a Spark application's executors have been sent: each model once, however often it is used. */
final class Shipped {
    private static final Map<SparkContext, Shipped> APPLICATIONS = new WeakHashMap<>();

    private final Broadcast<SerializableConfiguration> hadoop;
    private final Map<String, Broadcast<ModelSource>> models = new HashMap<>();
    private final Map<String, ModelSource> read = new HashMap<>();
    private final JavaSparkContext context;

    private Shipped(SparkContext spark) {
        context = JavaSparkContext.fromSparkContext(spark);
        hadoop = context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        spark.addSparkListener(new SparkListener() {
            @Override
            public void onApplicationEnd(SparkListenerApplicationEnd end) {
                // In local mode this is the JVM that computes, and it goes on.
                ExecutorClassifiers.closeAll();
            }
        });
    }

    /** What a session's application has been sent. */
    static Shipped to(SparkSession session) {
        synchronized (APPLICATIONS) {
            return APPLICATIONS.computeIfAbsent(session.sparkContext(), Shipped::new);
        }
    }

    /** Names the file systems. */
    Broadcast<SerializableConfiguration> hadoop() {
        return hadoop;
    }

    /** A model by its location, which is read once. */
    synchronized ModelSource read(String location) {
        return read.computeIfAbsent(
                location, any -> ModelSource.read(location, hadoop.value().value()));
    }

    /** A model, which is sent when an executor first asks for it. */
    synchronized Broadcast<ModelSource> model(ModelSource model) {
        return models.computeIfAbsent(model.digest(), any -> context.broadcast(model));
    }
}
