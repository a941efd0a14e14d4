package org.earshot.server.observation;

import io.micrometer.core.instrument.FunctionCounter;
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
import org.earshot.ClassifierListener;
import org.earshot.micrometer.ClassifierMetrics;

/** What is counted and timed, for Prometheus. Thread-safe. */
public final class Metrics implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ClassifierMetrics classifiers = new ClassifierMetrics(registry);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    /** Starts with what is to be known of every Java process; classifiers are {@link ClassifierMetrics}'. */
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
     * Has a number read that only grows.
     *
     * @param <T> what it is read of
     * @param name the metric's, with points for underscores
     * @param description what it is
     * @param source what it is read of
     * @param value reads it
     */
    public <T> void counter(String name, String description, T source, ToDoubleFunction<T> value) {
        FunctionCounter.builder(name, source, value).description(description).register(registry);
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
     * What every classifier is to tell of its calls.
     *
     * @return a listener
     */
    public ClassifierListener calls() {
        return classifiers;
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
