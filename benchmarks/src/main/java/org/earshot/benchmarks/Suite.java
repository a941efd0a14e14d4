package org.earshot.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** The named sets of benchmarks. */
enum Suite {
    /** The whole network and its layers beside the peers: the table the README quotes. */
    ASCMAMBA {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            List<ChainedOptionsBuilder> runs = new ArrayList<>(besidePeers(backends));
            runs.add(layers(backends, "2"));
            return runs;
        }
    },
    /** The whole network of the other systems beside the peers. */
    SE_TRANS {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            return besidePeers(backends);
        }
    },
    /** As {@link #SE_TRANS}. */
    MOBILE_ASC_NET {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            return besidePeers(backends);
        }
    },
    /** Cost against T, batch and threads; one caller with two threads against two with one. */
    SCALING {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            return List.of(
                    network(backends).param("frames", "250", "500", "1000", "2000"),
                    network(backends).param("batch", "2", "4", "8"),
                    network(backends).param("threads", "1"),
                    network(backends).param("threads", "1").threads(2));
        }
    },
    /** The peers on one thread, on four clips at once, and with two callers. */
    PEERS {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            return List.of(
                    network(RIVALS).param("threads", "1"),
                    network(RIVALS).param("threads", "1").threads(2),
                    network(RIVALS).param("batch", "4"));
        }
    },
    /** Encoder and Mamba paths alone, one thread and two. */
    LAYERS {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            return List.of(peak(), layers(backends, "1", "2"));
        }
    },
    /** Log-mel features; tools/bench measures librosa beside it. */
    FEATURES {
        @Override
        List<ChainedOptionsBuilder> runs(List<String> backends) {
            return List.of(of(LogMelBenchmark.class).warmupIterations(5));
        }
    };

    private static final List<String> RIVALS = List.of(Contender.ONNX_RUNTIME, Contender.DJL);

    /**
     * The set of a name.
     *
     * @param name as tools/bench takes it, like {@code se-trans}
     */
    static Suite named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    /**
     * What the set runs.
     *
     * @param backends Earshot's backends that take part
     */
    abstract List<ChainedOptionsBuilder> runs(List<String> backends);

    private static List<ChainedOptionsBuilder> besidePeers(List<String> backends) {
        return List.of(
                peak(),
                network(backends).param("threads", "2"),
                network(RIVALS).param("threads", "2"),
                network(List.of(Contender.ONNX_RUNTIME_DEFAULTS)).param("threads", "2"));
    }

    private static ChainedOptionsBuilder network(List<String> contenders) {
        return of(NetworkBenchmark.class).param("contender", contenders.toArray(String[]::new));
    }

    private static ChainedOptionsBuilder layers(List<String> backends, String... threads) {
        return of(LayerBenchmark.class)
                .param("contender", backends.toArray(String[]::new))
                .param("threads", threads);
    }

    private static ChainedOptionsBuilder peak() {
        return of(PeakBenchmark.class).param("threads", "1", "2");
    }

    /** Long enough for a dozen samples of a call that takes two seconds; an iteration always ends its last call. */
    private static ChainedOptionsBuilder of(Class<?> benchmark) {
        return new OptionsBuilder()
                .include("^" + benchmark.getName().replace(".", "\\.") + "\\.")
                .forks(1)
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(2))
                .measurementIterations(5)
                .measurementTime(TimeValue.seconds(4))
                .addProfiler("gc")
                .addProfiler(PeakMemoryProfiler.class)
                .addProfiler(CoreDistanceProfiler.class)
                .shouldFailOnError(true);
    }
}
