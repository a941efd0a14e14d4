package org.earshot.backend.choice;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Proxy;
import java.lang.runtime.ObjectMethods;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;
import org.earshot.backend.Precision;
import org.earshot.backend.cpu.CpuProvider;
import org.earshot.backend.cuda.CudaProvider;
import org.earshot.backend.portable.Epsilons;
import org.earshot.backend.portable.PortableBackend;
import org.earshot.backend.portable.PortableProvider;
import org.earshot.error.BackendException;
import org.earshot.error.DeviceException;
import org.earshot.natives.NativeLibrary;

/**
 * The backends there are. A backend is handed out only after it has passed its {@link SelfTest}: a wrong answer is a
 * refusal with a reason, never a wrong label later.
 */
public final class Backends {
    /** Threads of an execution at most: as many as Linux has processors; of many more, the system has none to give. */
    public static final int MOST_THREADS = 1 << 13;

    /** Takes the best backend that starts. */
    public static final String AUTO = "auto";

    /**
     * Best first. A fixed list, though this package thereby knows the ones below it: the order is the preference, and a
     * backend missing from the jar is an error of the build, not something to find out at run time.
     */
    private static final Backends ALL = new Backends(
            List.of(new CudaProvider(), new CpuProvider(), new PortableProvider()),
            SelfTest::run,
            System.getLogger(Backends.class.getName()));

    private static final Backends ON_PROCESSORS =
            new Backends(ALL.providers.subList(1, ALL.providers.size()), ALL.selfTest, ALL.logger);

    private final List<BackendProvider> providers;
    private final BiConsumer<Backend, Precision> selfTest;
    private final Logger logger;

    Backends(List<BackendProvider> providers, BiConsumer<Backend, Precision> selfTest, Logger logger) {
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
     * Lets go of what keeps the class loader of Earshot and JavaCPP alive: ends the thread that JavaCPP has, named
     * "JavaCPP Deallocator", and makes the JDK forget our records. For an application that is unloaded while its JVM
     * goes on, such as a web application (in {@code ServletContextListener.contextDestroyed}), after its last
     * classifier was closed; whatever else uses JavaCPP in the same class loader must be done as well. Our own threads
     * end with the classifiers.
     */
    public static void release() {
        NativeLibrary.endThread();
        forgetRecords();
    }

    /**
     * The method handles behind records' equals and hashCode remember the last class that they were made for: of the
     * JDK's classes and, since JDK 19 by a soft reference, of others. Now these are one of the JDK's and one of a class
     * loader that nobody has.
     */
    private static void forgetRecords() {
        try (URLClassLoader nobodys = new URLClassLoader(new URL[0], null)) {
            Class<?> other = Proxy.newProxyInstance(
                            nobodys, new Class<?>[] {Runnable.class}, (proxy, method, arguments) -> null)
                    .getClass();
            for (Class<?> remembered : List.of(other, String.class)) {
                MethodHandle component = MethodHandles.identity(remembered);
                for (String method : List.of("equals", "hashCode")) {
                    ObjectMethods.bootstrap(
                            MethodHandles.lookup(), method, MethodHandle.class, remembered, "itself", component);
                }
            }
        } catch (Throwable e) { // What the method declares.
            throw new IllegalStateException(e);
        }
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
     * Starts a backend that computes in float32, as {@link #start(String, int, Precision)}.
     *
     * @param name one of {@link #names()}
     * @param threads of every execution, the caller's included; 1 to {@value #MOST_THREADS}
     * @return the backend
     * @throws BackendException if the name is unknown, or if the backend named (or none) starts; says why
     */
    public static Backend start(String name, int threads) {
        return start(name, threads, Precision.FLOAT32);
    }

    /**
     * Starts a backend and tests it. {@value #AUTO} takes the best one that starts and has the precision, and logs one
     * line for each that was passed over, a warning unless what it would run on is simply not there; where none starts,
     * the exception says why.
     *
     * @param name one of {@link #names()}
     * @param threads of every execution, the caller's included; 1 to {@value #MOST_THREADS}
     * @param precision of its products
     * @return the backend
     * @throws BackendException if the name is unknown, or if the backend named (or none) starts in this precision; says
     *     why
     */
    public static Backend start(String name, int threads, Precision precision) {
        return start(name, threads, precision, OptionalInt.empty());
    }

    /**
     * Starts a backend on a device and tests it, as {@link #start(String, int, Precision)}; one that has no devices is
     * then as one that does not start.
     *
     * @param name one of {@link #names()}
     * @param threads of every execution, the caller's included; 1 to {@value #MOST_THREADS}
     * @param precision of its products
     * @param device which of several devices, from 0 on; empty for the first, or for none
     * @return the backend
     * @throws BackendException if the name is unknown, if there is no such device, or if the backend named (or none)
     *     starts on it in this precision; says why
     */
    public static Backend start(String name, int threads, Precision precision, OptionalInt device) {
        return ALL.startOne(name, threads, precision, device);
    }

    /**
     * The formulas in plain Java, with other epsilons in the norms than the networks are specified with: to find out
     * whether a reference has those. Nothing else is to be computed with it.
     *
     * @param norm what instance norms, layer norms and conditional layer norms add to a variance
     * @param rootMean what the root mean square norms of Mamba layers add to a mean square
     * @return the backend
     */
    public static Backend withEpsilons(double norm, double rootMean) {
        return new PortableBackend(defaultThreads(), new Epsilons((float) norm, (float) rootMean));
    }

    /**
     * Starts the best backend that computes on this machine's processors: what features are made by that are to be
     * kept.
     *
     * @param threads of every execution, the caller's included; 1 to {@value #MOST_THREADS}
     * @return a backend that has {@link Backend#frames}
     * @throws BackendException if none starts; says why
     */
    public static Backend startOnProcessors(int threads) {
        return ON_PROCESSORS.startOne(AUTO, threads, Precision.FLOAT32, OptionalInt.empty());
    }

    /**
     * Tries all backends in float32.
     *
     * @return one entry for each, best first
     */
    public static List<Status> status() {
        return status(Precision.FLOAT32);
    }

    /**
     * Tries all backends.
     *
     * @param precision of their products
     * @return one entry for each, best first
     */
    public static List<Status> status(Precision precision) {
        return status(precision, OptionalInt.empty());
    }

    /**
     * Tries all backends on a device.
     *
     * @param precision of their products
     * @param device as for {@link #start(String, int, Precision, OptionalInt)}
     * @return one entry for each, best first
     */
    public static List<Status> status(Precision precision, OptionalInt device) {
        return ALL.tryAll(defaultThreads(), precision, device);
    }

    List<String> allNames() {
        List<String> names = new ArrayList<>();
        names.add(AUTO);
        providers.forEach(provider -> names.add(provider.name()));
        return List.copyOf(names);
    }

    Backend startOne(String name, int threads, Precision precision, OptionalInt device) {
        if (threads < 1 || threads > MOST_THREADS) {
            throw new IllegalArgumentException(threads + " threads; expected 1 to " + MOST_THREADS);
        }
        if (name.equals(AUTO)) {
            return startBest(threads, precision, device);
        }
        for (BackendProvider provider : providers) {
            if (provider.name().equals(name)) {
                return startTested(provider, threads, precision, device);
            }
        }
        throw new BackendException("backend", "\"" + name + "\"", "one of " + String.join(", ", allNames()));
    }

    private Backend startBest(int threads, Precision precision, OptionalInt device) {
        Map<String, BackendException> passedOver = new LinkedHashMap<>();
        for (BackendProvider provider : providers) {
            try {
                Backend best = startTested(provider, threads, precision, device);
                passedOver.forEach(
                        (name, e) -> logger.log(levelOf(e), "Backend {0} passed over: {1}", name, e.getMessage()));
                return best;
            } catch (BackendException e) {
                passedOver.put(provider.name(), e);
            }
        }
        String reasons = passedOver.entrySet().stream()
                .map(each -> each.getKey() + ": " + each.getValue().getMessage())
                .collect(Collectors.joining("; "));
        throw new BackendException("backend", "none that starts (" + reasons + ")", "at least one that does");
    }

    /** That there is no device is nothing to warn of on every start; that one does not work is. */
    private static Level levelOf(BackendException e) {
        return e instanceof DeviceException device && device.reason() == DeviceException.Reason.ABSENT
                ? Level.DEBUG
                : Level.WARNING;
    }

    List<Status> tryAll(int threads, Precision precision, OptionalInt device) {
        List<Status> all = new ArrayList<>();
        for (BackendProvider provider : providers) {
            try {
                all.add(new Status(
                        provider.name(),
                        true,
                        startTested(provider, threads, precision, device).toString()));
            } catch (BackendException e) {
                all.add(new Status(provider.name(), false, e.getMessage()));
            }
        }
        return List.copyOf(all);
    }

    private Backend startTested(BackendProvider provider, int threads, Precision precision, OptionalInt device) {
        Backend backend = provider.start(threads, precision, device);
        selfTest.accept(backend, precision);
        return backend;
    }
}
