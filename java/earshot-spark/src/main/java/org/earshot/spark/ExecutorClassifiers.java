package org.earshot.spark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.earshot.SceneClassifier;
import org.earshot.audio.AudioLimits;
import org.earshot.error.BackendException;
import org.earshot.error.ModelException;

/**
 * The classifiers of this JVM, an executor's or, in local mode, the driver's: one for each model and way to run it,
 * whatever number of tasks use it. They are closed with the JVM or the application; those that no task uses also when
 * others are wanted.
 */
final class ExecutorClassifiers {
    /** The resource that Spark's documentation calls a GPU. */
    static final String GPU = "gpu";

    /** Classifiers that are kept although no task uses them: two models that take turns are not loaded every time. */
    private static final int IDLE = 2;

    /** Windows that a GPU computes at once. */
    private static final int DEVICE_BATCH = 32;

    /** How long a window waits for those of other tasks on the same GPU. */
    private static final Duration DEVICE_DELAY = Duration.ofMillis(5);

    /** How long a call that is still running is waited for when the JVM ends. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Calls that may wait for a GPU: more than tasks ever run in one JVM. */
    private static final int DEVICE_QUEUE = 10_000;

    private static final Pattern NUMBER = Pattern.compile("\\d{1,6}");

    private static final Map<Key, Entry> ENTRIES = new LinkedHashMap<>(16, 0.75f, true);

    /** Loaded with the first classifier: a driver that ends without one may add no hook any more. */
    private static final class ClosedWithTheJvm {
        static {
            Runtime.getRuntime().addShutdownHook(new Thread(ExecutorClassifiers::closeAll, "earshot-close"));
        }

        static void load() {}
    }

    private ExecutorClassifiers() {}

    /**
     * What makes a classifier another one.
     *
     * @param device number of the GPU, null for none
     * @param threads of a call
     */
    private record Key(String digest, SparkOptions.Compute compute, AudioLimits limits, Integer device, int threads) {}

    /** A classifier, once it is loaded. */
    private static final class Entry {
        private SceneClassifier classifier;
        private int users;

        /** Loads it if that was not done; tasks that want the same one wait here. */
        private synchronized SceneClassifier loaded(ModelSource model, Key key) {
            if (classifier == null) {
                classifier = load(model, key);
            }
            return classifier;
        }

        private synchronized void close() {
            if (classifier != null) {
                classifier.close(PATIENCE);
            }
        }
    }

    /** The right to use a classifier until it is closed, which leaves the classifier open. */
    static final class Lease implements AutoCloseable {
        private final Entry entry;
        private final SceneClassifier classifier;

        private Lease(Entry entry, SceneClassifier classifier) {
            this.entry = entry;
            this.classifier = classifier;
        }

        SceneClassifier classifier() {
            return classifier;
        }

        @Override
        public void close() {
            release(entry);
        }
    }

    /**
     * The classifier for the task that runs in this thread; for none, where Spark computes a constant in the driver.
     *
     * @throws org.earshot.error.EarshotException if it cannot be loaded here
     */
    static Lease lease(ModelSource model, SparkOptions options) {
        ClosedWithTheJvm.load();
        TaskContext task = TaskContext.get();
        Integer device = task == null ? null : device(task.resourcesJMap());
        int threads = task == null ? 1 : task.cpus();
        Key key = new Key(model.digest(), options.compute(), options.limits(), device, threads);
        Entry entry;
        synchronized (ENTRIES) {
            entry = ENTRIES.computeIfAbsent(key, any -> new Entry());
            entry.users++;
            closeIdle();
        }
        try {
            return new Lease(entry, entry.loaded(model, key));
        } catch (RuntimeException | Error e) {
            release(entry);
            throw e;
        }
    }

    private static void release(Entry entry) {
        synchronized (ENTRIES) {
            entry.users--;
        }
    }

    /** Closes what was used longest ago. */
    private static void closeIdle() {
        long idle = ENTRIES.values().stream().filter(entry -> entry.users == 0).count();
        Iterator<Entry> entries = ENTRIES.values().iterator();
        while (idle > IDLE && entries.hasNext()) {
            Entry entry = entries.next();
            if (entry.users == 0) {
                entries.remove();
                entry.close();
                idle--;
            }
        }
    }

    /** Closes all, used or not: their tasks have ended or are to. */
    static void closeAll() {
        List<Entry> all;
        synchronized (ENTRIES) {
            all = new ArrayList<>(ENTRIES.values());
            ENTRIES.clear();
        }
        all.forEach(Entry::close);
    }

    /** How many there are, used or not. */
    static int size() {
        synchronized (ENTRIES) {
            return ENTRIES.size();
        }
    }

    /**
     * The GPU that Spark gave the task.
     *
     * @param resources of the task, by name
     * @return its number, null if the task has none
     */
    static Integer device(Map<String, ResourceInformation> resources) {
        ResourceInformation gpu = resources.get(GPU);
        if (gpu == null) {
            return null;
        }
        String[] addresses = gpu.addresses();
        if (addresses.length != 1 || !NUMBER.matcher(addresses[0]).matches()) {
            throw unusable(addresses);
        }
        return Integer.valueOf(addresses[0]);
    }

    private static BackendException unusable(String... addresses) {
        return new BackendException(
                "spark.task.resource." + GPU,
                "the addresses " + List.of(addresses),
                "one, the number of a device: tasks of one GPU or a part of one");
    }

    private static SceneClassifier load(ModelSource model, Key key) {
        SceneClassifier.Builder builder = model.builder()
                .backend(key.compute.backend())
                .precision(key.compute.precision())
                .audioLimits(key.limits)
                .threads(key.threads);
        if (key.compute.windowHop() != null) {
            builder.windowHop(key.compute.windowHop());
        }
        if (key.device != null) {
            builder.device(key.device).batching(DEVICE_BATCH, DEVICE_DELAY, DEVICE_QUEUE);
        }
        SceneClassifier classifier = builder.load();
        if (!classifier.modelDigest().equals(key.digest)) {
            classifier.close();
            throw new ModelException(
                    model, "a model of digest " + classifier.modelDigest(), "the driver's, " + key.digest);
        }
        return classifier;
    }
}
