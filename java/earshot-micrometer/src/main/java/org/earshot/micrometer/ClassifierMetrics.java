package org.earshot.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.earshot.Classifier;
import org.earshot.ClassifierEvent;
import org.earshot.ClassifierHealth;
import org.earshot.ClassifierListener;

/**
 * Meters of the classifiers and ensembles whose listener it is, any number of which may share it:
 *
 * <pre>{@code
 * ClassifierMetrics metrics = new ClassifierMetrics(registry);
 * SceneClassifier classifier = SceneClassifier.builder(model).listener(metrics).load();
 * }</pre>
 *
 * <table>
 *   <caption>Meters, by Micrometer's names; tags beside {@code model}, {@code architecture} and {@code backend}</caption>
 *   <tr><th>Meter</th><th>Kind</th><th>Tags</th><th>What it says</th></tr>
 *   <tr><td>{@code earshot.call}</td><td>timer, histogram</td><td>{@code outcome}</td>
 *       <td>a call from its beginning to its end: the sum of its phases</td></tr>
 *   <tr><td>{@code earshot.call.phase}</td><td>timer, histogram</td><td>{@code phase}, {@code outcome}</td>
 *       <td>{@code queued}, {@code decode}, {@code features} and {@code network}, as {@link ClassifierEvent} has them;
 *           a phase that a call did not come to is not counted</td></tr>
 *   <tr><td>{@code earshot.windows}</td><td>counter</td><td></td><td>windows that were computed</td></tr>
 *   <tr><td>{@code earshot.batch.size}</td><td>distribution</td><td></td>
 *       <td>windows that were computed at once, of each call that came to that</td></tr>
 *   <tr><td>{@code earshot.unknown.cities}</td><td>counter</td><td>none at all</td>
 *       <td>calls whose city the model does not know</td></tr>
 *   <tr><td>{@code earshot.sessions}</td><td>gauge</td><td></td><td>calls, or batches, that can run at once</td></tr>
 *   <tr><td>{@code earshot.calls.running}</td><td>gauge</td><td></td><td>calls that have begun</td></tr>
 *   <tr><td>{@code earshot.calls.waiting}</td><td>gauge</td><td></td><td>calls that wait to begin</td></tr>
 *   <tr><td>{@code earshot.ready}</td><td>gauge</td><td></td><td>classifiers that can answer</td></tr>
 * </table>
 *
 * <p>{@code model} is the first 12 digits of {@link Classifier#modelDigest}, by which {@code earshot inspect} names the
 * model too. {@code outcome} is that of {@link ClassifierEvent.Outcome} in small letters. Cities are no tag: there are
 * as many as callers make up. Safe for any number of threads.
 */
public final class ClassifierMetrics implements ClassifierListener {
    private static final int DIGITS = 12;
    /** Between them lie the histograms' buckets. */
    private static final Duration SHORTEST = Duration.ofNanos(100_000);

    private static final Duration LONGEST = Duration.ofMinutes(1);

    private final MeterRegistry registry;
    private final Counter unknownCities;
    private final Map<Key, CallMeters> calls = new ConcurrentHashMap<>();
    private final Map<Tags, Watched> watched = new HashMap<>();

    /**
     * Prepares the meters.
     *
     * @param registry takes them
     */
    public ClassifierMetrics(MeterRegistry registry) {
        this.registry = Objects.requireNonNull(registry, "registry");
        unknownCities = Counter.builder("earshot.unknown.cities")
                .description("Calls whose city the model does not know")
                .register(registry);
    }

    private record Key(Tags model, ClassifierEvent.Outcome outcome) {}

    private static Tags tags(String digest, String architecture, String backend) {
        return Tags.of(
                "model",
                digest.substring(0, Math.min(DIGITS, digest.length())),
                "architecture",
                architecture,
                "backend",
                backend);
    }

    /** The meters of calls of one model that end alike. */
    private final class CallMeters {
        private final Timer call;
        private final Timer queued;
        private final Timer decode;
        private final Timer features;
        private final Timer network;
        private final Counter windows;
        private final DistributionSummary batchSize;

        CallMeters(Key key) {
            Tags model = key.model;
            Tags ended = model.and("outcome", key.outcome.name().toLowerCase(Locale.ROOT));
            call = timer("earshot.call", "A call from its beginning to its end", ended);
            queued = phase("queued", ended);
            decode = phase("decode", ended);
            features = phase("features", ended);
            network = phase("network", ended);
            windows = Counter.builder("earshot.windows")
                    .description("Windows that were computed")
                    .tags(model)
                    .register(registry);
            batchSize = DistributionSummary.builder("earshot.batch.size")
                    .description("Windows that were computed at once")
                    .tags(model)
                    .register(registry);
        }

        private Timer phase(String phase, Tags tags) {
            return timer("earshot.call.phase", "A part of a call", tags.and("phase", phase));
        }

        private Timer timer(String name, String description, Tags tags) {
            return Timer.builder(name)
                    .description(description)
                    .tags(tags)
                    .publishPercentileHistogram()
                    .minimumExpectedValue(SHORTEST)
                    .maximumExpectedValue(LONGEST)
                    .register(registry);
        }

        void count(ClassifierEvent event) {
            long all = event.queuedNanos() + event.decodeNanos() + event.featuresNanos() + event.networkNanos();
            call.record(all, TimeUnit.NANOSECONDS);
            count(queued, event.queuedNanos());
            count(decode, event.decodeNanos());
            count(features, event.featuresNanos());
            count(network, event.networkNanos());
            windows.increment(event.windows());
            if (event.batchSize() > 0) {
                batchSize.record(event.batchSize());
            }
        }

        private void count(Timer timer, long nanos) {
            if (nanos > 0) {
                timer.record(nanos, TimeUnit.NANOSECONDS);
            }
        }

        /** Of meters that calls with other outcomes have too, the registry has no more after the first time. */
        void remove() {
            List.of(call, queued, decode, features, network, windows, batchSize).forEach(registry::remove);
        }
    }

    @Override
    public void callEnded(ClassifierEvent event) {
        Tags model = tags(event.modelDigest(), event.architecture(), event.backend());
        calls.computeIfAbsent(new Key(model, event.outcome()), CallMeters::new).count(event);
    }

    @Override
    public void unknownCity(String city, List<String> near) {
        unknownCities.increment();
    }

    /**
     * Adds the gauges of a classifier or an ensemble; those that have the same tags are summed. A closed one counts for
     * nothing, and is let go of when the next one is loaded; with the last one of the same tags go all meters that have
     * them, as a service that is given a new model every night would have those of all of them.
     *
     * @param classifier what to watch; it is kept as long as it is open
     */
    @Override
    public synchronized void loaded(Classifier<?, ?> classifier) {
        Tags tags = tags(classifier.modelDigest(), classifier.architecture(), classifier.backend());
        watched.computeIfAbsent(tags, Watched::new).classifiers.addIfAbsent(classifier);
        // Afterwards, so that a model that is loaded again goes on counting.
        watched.entrySet().removeIf(entry -> {
            boolean over = entry.getValue().isOver();
            if (over) {
                removeCalls(entry.getKey());
            }
            return over;
        });
    }

    private void removeCalls(Tags model) {
        calls.entrySet().removeIf(entry -> {
            boolean of = entry.getKey().model.equals(model);
            if (of) {
                entry.getValue().remove();
            }
            return of;
        });
    }

    /** The open classifiers that have the same tags, and their gauges. */
    private final class Watched {
        private final CopyOnWriteArrayList<Classifier<?, ?>> classifiers = new CopyOnWriteArrayList<>();
        private final List<Meter> gauges;

        Watched(Tags tags) {
            gauges = List.of(
                    gauge(
                            "earshot.sessions",
                            "Calls, or batches of calls, that can run at once",
                            tags,
                            Classifier::sessions),
                    gauge("earshot.calls.running", "Calls that have begun", tags, Classifier::runningCalls),
                    gauge("earshot.calls.waiting", "Calls that wait to begin", tags, Classifier::waitingCalls),
                    gauge(
                            "earshot.ready",
                            "Classifiers that can answer",
                            tags,
                            c -> c.health().isReady() ? 1 : 0));
        }

        private Gauge gauge(String name, String description, Tags tags, ToDoubleFunction<Classifier<?, ?>> of) {
            return Gauge.builder(name, () -> classifiers.stream()
                            .filter(Watched::isOpen)
                            .mapToDouble(of)
                            .sum())
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }

        private static boolean isOpen(Classifier<?, ?> classifier) {
            return classifier.health().state() != ClassifierHealth.State.CLOSED;
        }

        /** Lets go of closed classifiers, and of the gauges if none is left. */
        boolean isOver() {
            classifiers.removeIf(classifier -> !isOpen(classifier));
            if (!classifiers.isEmpty()) {
                return false;
            }
            gauges.forEach(registry::remove);
            return true;
        }
    }
}
