package org.earshot.backend;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.earshot.BackendException;
import org.earshot.backend.cpu.CpuProvider;
import org.earshot.backend.portable.PortableProvider;

/**
 * The backends there are. A backend is handed out only after it has passed its {@link SelfTest}: a wrong answer is a
 * refusal with a reason, never a wrong label later.
 */
public final class Backends {
    /** Takes the best backend that starts. */
    public static final String AUTO = "auto";

    /**
     * Best first. A fixed list, though this package thereby knows the ones below it: the order is the preference, and a
     * backend missing from the jar is an error of the build, not something to find out at run time.
     */
    private static final Backends ALL = new Backends(
            List.of(new CpuProvider(), new PortableProvider()),
            SelfTest::run,
            System.getLogger(Backends.class.getName()));

    private final List<BackendProvider> providers;
    private final Consumer<Backend> selfTest;
    private final Logger logger;

    Backends(List<BackendProvider> providers, Consumer<Backend> selfTest, Logger logger) {
        this.providers = List.copyOf(providers);
        this.selfTest = selfTest;
        this.logger = logger;
    }

    /**
     * Whether a backend starts on this machine.
     *
     * @param name the backend's name
     * @param starts whether it starts and passes its self-test
     * @param description the backend in full, or why it does not start
     */
    public record Status(String name, boolean starts, String description) {}

    /**
     * Number of threads that use the whole machine, as far as this process may.
     *
     * @return the processors available
     */
    public static int defaultThreads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /**
     * The names that {@link #start} takes.
     *
     * @return {@value #AUTO}, then the backends, best first
     */
    public static List<String> names() {
        return ALL.allNames();
    }

    /**
     * Starts a backend and tests it. {@value #AUTO} takes the best one that starts, and logs one line for each that was
     * passed over.
     *
     * @param name one of {@link #names()}
     * @param threads of every execution, the caller's included; at least 1
     * @return the backend
     * @throws BackendException if the name is unknown, or if the backend named (or none) starts; says why
     */
    public static Backend start(String name, int threads) {
        return ALL.startOne(name, threads);
    }

    /**
     * Tries all backends.
     *
     * @return one entry for each, best first
     */
    public static List<Status> status() {
        return ALL.tryAll(defaultThreads());
    }

    List<String> allNames() {
        List<String> names = new ArrayList<>();
        names.add(AUTO);
        providers.forEach(provider -> names.add(provider.name()));
        return List.copyOf(names);
    }

    Backend startOne(String name, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; expected at least 1");
        }
        if (name.equals(AUTO)) {
            return startBest(threads);
        }
        for (BackendProvider provider : providers) {
            if (provider.name().equals(name)) {
                return startTested(provider, threads);
            }
        }
        throw new BackendException("backend", "\"" + name + "\"", "one of " + String.join(", ", allNames()));
    }

    private Backend startBest(int threads) {
        List<String> reasons = new ArrayList<>();
        for (BackendProvider provider : providers) {
            try {
                return startTested(provider, threads);
            } catch (BackendException e) {
                logger.log(Level.INFO, "Backend {0} passed over: {1}", provider.name(), e.getMessage());
                reasons.add(provider.name() + ": " + e.getMessage());
            }
        }
        throw new BackendException(
                "backend", "none that starts (" + String.join("; ", reasons) + ")", "at least one that does");
    }

    List<Status> tryAll(int threads) {
        List<Status> all = new ArrayList<>();
        for (BackendProvider provider : providers) {
            try {
                all.add(new Status(
                        provider.name(), true, startTested(provider, threads).toString()));
            } catch (BackendException e) {
                all.add(new Status(provider.name(), false, e.getMessage()));
            }
        }
        return List.copyOf(all);
    }

    private Backend startTested(BackendProvider provider, int threads) {
        Backend backend = provider.start(threads);
        selfTest.accept(backend);
        return backend;
    }
}
