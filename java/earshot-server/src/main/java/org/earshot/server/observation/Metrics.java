package org.earshot.server.observation;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.earshot.ClassifierEvent;
import org.earshot.ClassifierListener;

/** What is counted and timed, for Prometheus. Thread-safe. */
public final class Metrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    /** Starts with what is to be known of every Java process. */
    public Metrics() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
    }

    /**
     * Has a number read whenever it is asked for.
     *
     * @param <T> what it is read of
     * @param name the metric's, with points for underscores
     * @param description what it is
     * @param source what it is read of
     * @param value reads it
     */
    public <T> void gauge(String name, String description, T source, ToDoubleFunction<T> value) {
        Gauge.builder(name, source, value)
                .description(description)
                .strongReference(true)
                .register(registry);
    }

    /**
     * Counts a request.
     *
     * @param protocol {@code http} or {@code grpc}
     * @param endpoint what was asked for: one of few
     * @param status HTTP's number, or the name of gRPC's
     * @param nanos from its beginning to its end
     */
    public void request(String protocol, String endpoint, String status, long nanos) {
        Timer.builder("earshot.requests")
                .description("Requests, from their first byte to the last of their answers")
                .tags("protocol", protocol, "endpoint", endpoint, "status", status)
                .serviceLevelObjectives(
                        Duration.ofMillis(5),
                        Duration.ofMillis(10),
                        Duration.ofMillis(25),
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(250),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofMillis(2500),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(10))
                .register(registry)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * What is told of every call to a model.
     *
     * @return a listener
     */
    public ClassifierListener calls() {
        return new ClassifierListener() {
            @Override
            public void callEnded(ClassifierEvent event) {
                registry.counter(
                                "earshot.calls",
                                "model",
                                event.modelDigest(),
                                "outcome",
                                event.outcome().name())
                        .increment();
                registry.counter("earshot.windows", "model", event.modelDigest())
                        .increment(event.windows());
                registry.summary("earshot.batch.size", "model", event.modelDigest())
                        .record(event.batchSize());
                stage(event, "queued", event.queuedNanos());
                stage(event, "decode", event.decodeNanos());
                stage(event, "features", event.featuresNanos());
                stage(event, "network", event.networkNanos());
            }
        };
    }

    private void stage(ClassifierEvent event, String stage, long nanos) {
        registry.timer("earshot.calls.stages", "model", event.modelDigest(), "stage", stage)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * All of it.
     *
     * @return in Prometheus' text format
     */
    public String text() {
        return registry.scrape();
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
