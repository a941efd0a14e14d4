package org.earshot.cli.commands;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.earshot.architecture.SceneModel;
import org.earshot.cli.output.CommandException;
import org.earshot.features.FeatureParameters;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Shape;
import org.earshot.network.LayerProfile;
import org.earshot.network.Network;
import org.earshot.network.NetworkSession;
import org.earshot.network.PreparedNetwork;

/**
 * Feeds a model noise and times its answers. The time does not depend on what is fed, but that samples of 16 bits reach
 * a GPU sooner.
 */
final class LatencyProbe implements AutoCloseable {
    /** What a profile calls the front end. */
    static final String FRONT_END = "log-mel";

    /** Where a run begins. */
    enum Start {
        /** With samples. */
        PCM,
        /** With samples as a recording of 16 bits has them. */
        PCM16,
        /** With log-mel features. */
        FEATURES
    }

    private static final int WARM_UP_RUNS = 2;
    private static final int FEWEST_RUNS = 5;
    private static final int PROFILED_RUNS = 3;
    /** How many numbers are drawn before they repeat: those of a great batch would take longer than what is timed. */
    private static final int MOST_NOISE = 1 << 20;
    /** The share of the time that is spent before timing begins: the JIT compiler has to see the code first. */
    private static final double WARM_UP = 0.4;

    private final NetworkSession session;
    private final Map<String, float[]> feeds = new HashMap<>();
    private final float[] logits;
    private final int batch;
    private final FeatureParameters parameters;

    /**
     * Plans the runs.
     *
     * @param model what is fed
     * @param network its network, prepared
     * @param batch clips of a run
     * @param parameters of a clip's features, of which its length is one
     * @param from what a run begins with
     */
    LatencyProbe(SceneModel model, PreparedNetwork network, int batch, FeatureParameters parameters, Start from) {
        this.batch = batch;
        this.parameters = parameters;
        Random random = new Random(1);
        Map<String, Shape> shapes = new HashMap<>();
        if (from != Start.FEATURES) {
            int samples = parameters.windowSamples();
            shapes.put(Network.PCM, Shape.of(batch, samples, 1, 1));
            float[] noise = noise(random, length(batch, samples), 0, 0.1);
            feeds.put(Network.PCM, from == Start.PCM16 ? asRecorded(noise) : noise);
        } else {
            int frames = parameters.frames();
            int bands = parameters.melBands();
            shapes.put(Network.FEATURES, Shape.of(batch, frames, bands, 1));
            feeds.put(Network.FEATURES, noise(random, length(batch, (long) frames * bands), -40, 10));
        }
        if (!model.contextInputs().isEmpty()) {
            shapes.put(Network.LOCATION, Shape.of(batch, 1));
            feeds.put(Network.LOCATION, new float[batch]); // Row 0, of which there is one in every model.
            shapes.put(Network.TIME_FEATURES, Shape.of(batch, ContextEncoder.TIME_FEATURES));
            feeds.put(Network.TIME_FEATURES, noise(random, batch * ContextEncoder.TIME_FEATURES, 0, 1));
        }
        session = network.open();
        session.plan(shapes, outputs(model));
        logits = new float[Math.toIntExact(session.shape(Network.LOGITS).elements())];
    }

    private static List<String> outputs(SceneModel model) {
        return model.coarse().isPresent() ? List.of(Network.LOGITS, Network.COARSE_LOGITS) : List.of(Network.LOGITS);
    }

    /** As many values as a batch has, if an array can hold them. */
    private static int length(int batch, long valuesOfClip) {
        long most = (Integer.MAX_VALUE - 8) / valuesOfClip;
        if (batch > most) {
            throw new CommandException(
                    "--batch", batch + " clips of " + valuesOfClip + " values", "at most " + most + " in one call");
        }
        return (int) (batch * valuesOfClip);
    }

    private static float[] noise(Random random, int length, double mean, double deviation) {
        float[] values;
        try {
            values = new float[length];
        } catch (OutOfMemoryError e) {
            throw new CommandException(
                    "--batch",
                    "clips of " + length + " values in all, for which the Java heap has no room",
                    "fewer, or a larger heap (-Xmx)");
        }
        int drawn = Math.min(length, MOST_NOISE);
        for (int i = 0; i < drawn; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        for (int i = drawn; i < length; i += Math.min(drawn, length - i)) {
            System.arraycopy(values, 0, values, i, Math.min(drawn, length - i));
        }
        return values;
    }

    /** The same as a recording of 16 bits has it. */
    static float[] asRecorded(float[] samples) {
        float[] recorded = new float[samples.length];
        for (int i = 0; i < samples.length; i++) {
            int nearest = Math.round(samples[i] * 0x1p15f);
            recorded[i] = Math.max(Short.MIN_VALUE, Math.min(nearest, Short.MAX_VALUE)) * 0x1p-15f;
        }
        return recorded;
    }

    /** Length of the clips of one run. */
    double audioSeconds() {
        return (double) batch * parameters.windowSamples() / parameters.sampleRate();
    }

    /**
     * Runs for a while and then times, at least {@value #FEWEST_RUNS} runs.
     *
     * @return nanoseconds of each run, sorted
     */
    long[] measure(Duration duration) {
        long warmUp = (long) (WARM_UP * duration.toNanos());
        times(warmUp, WARM_UP_RUNS);
        long[] times = times(duration.toNanos() - warmUp, FEWEST_RUNS);
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                throw new CommandException("logits", Float.toString(logit), "finite numbers");
            }
        }
        Arrays.sort(times);
        return times;
    }

    /**
     * Lets callers measure at once, each in a thread of its own.
     *
     * @return what {@link #measure(Duration)} returns, of each
     */
    static List<long[]> measure(List<LatencyProbe> callers, Duration duration) {
        if (callers.size() == 1) {
            return List.of(callers.get(0).measure(duration));
        }
        ExecutorService threads = Executors.newFixedThreadPool(callers.size());
        try {
            List<CompletableFuture<long[]>> running = callers.stream()
                    .map(caller -> CompletableFuture.supplyAsync(() -> caller.measure(duration), threads))
                    .toList();
            // Each ends before the first failure is thrown: what they use is closed afterwards.
            CompletableFuture.allOf(running.toArray(CompletableFuture[]::new))
                    .exceptionally(failure -> null)
                    .join();
            return running.stream().map(CompletableFuture::join).toList();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        } finally {
            threads.shutdown();
        }
    }

    private long[] times(long nanoseconds, int fewest) {
        long[] times = new long[fewest];
        int count = 0;
        long begin = System.nanoTime();
        while (count < fewest || System.nanoTime() - begin < nanoseconds) {
            if (count == times.length) {
                times = Arrays.copyOf(times, 2 * count);
            }
            long start = System.nanoTime();
            run();
            times[count++] = System.nanoTime() - start;
        }
        return Arrays.copyOf(times, count);
    }

    private void run() {
        session.feed(feeds);
        session.run();
        session.fetch(Network.LOGITS, logits);
    }

    /** How long each layer takes, the front end first if it runs: the mean of a few runs, by the node's name. */
    Map<String, Duration> profile() {
        Map<String, Duration> sums = new LinkedHashMap<>();
        for (int run = 0; run < PROFILED_RUNS; run++) {
            session.profile().forEach((name, time) -> sums.merge(shown(name), time, Duration::plus));
        }
        sums.replaceAll((name, time) -> time.dividedBy(PROFILED_RUNS));
        return sums;
    }

    /** What each layer makes and costs. */
    List<LayerProfile> layers(Network network) {
        return LayerProfile.of(network, session);
    }

    /** What makes the features is not one of the network's layers, which have names of their own. */
    private static String shown(String node) {
        return node.equals(Network.FEATURES) ? FRONT_END : node;
    }

    @Override
    public void close() {
        session.close();
    }
}
