package org.earshot.natives;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;

/** Loads native libraries, and says in plain words why where they do not load. */
public final class NativeLibrary {
    /** More class loaders than a process has loaded Earshot in, unless none of them ever goes. */
    private static final int MAX_COPIES = 1000;

    private NativeLibrary() {}

    /**
     * Loads a library of ours, with the binding that JavaCPP made for it, and asks it for its interface. The caller
     * keeps the answer: the JVM reports the reason of a failed load only once.
     *
     * @param binding the class that JavaCPP generated; its natives lie beside it, in a folder named after the platform
     * @param name of the library
     * @param abi the first native call
     * @param expected the interface that this jar needs
     * @return null if all went well, or what was found instead of a library that can be used
     */
    public static String load(Class<?> binding, String name, IntSupplier abi, int expected) {
        return undisturbed(() -> loadHere(binding, name, abi, expected));
    }

    private static String loadHere(Class<?> binding, String name, IntSupplier abi, int expected) {
        try {
            requireJavaCppBeside(binding);
            String glue = "jni" + binding.getSimpleName();
            URL library = resource(binding, "lib" + name + ".so");
            URL glueLibrary = resource(binding, "lib" + glue + ".so");
            // The glue names the other, which the dynamic loader finds beside it.
            NativeBundle bundle = new NativeBundle(
                    name,
                    List.of(
                            new NativeBundle.Library(library, "lib" + name + "-0000000000000000.so"),
                            new NativeBundle.Library(glueLibrary, "lib" + glue + ".so")),
                    NativeBundle.Identity.CONTENT);
            String failure = loadHere(binding, bundle, Arrays.asList(null, glue));
            if (failure != null) {
                return failure;
            }
            int found = abi.getAsInt();
            return found == expected
                    ? null
                    : "the native library has interface " + found + ", this jar needs " + expected
                            + " (take both jars of one version)";
        } catch (LinkageError | IllegalCallerException e) {
            return reason(e);
        }
    }

    /**
     * Loads a bundle in JavaCPP's name, so that its classes find their libraries loaded.
     *
     * @param binding the class that the libraries belong to
     * @param bundle what to load
     * @param names by which JavaCPP knows each library of the bundle; null for one that another brings with it
     * @return null if all went well, or why not
     */
    public static String load(Class<?> binding, NativeBundle bundle, List<String> names) {
        return undisturbed(() -> loadHere(binding, bundle, names));
    }

    private static String loadHere(Class<?> binding, NativeBundle bundle, List<String> names) {
        try {
            requireJavaCppBeside(binding);
            JavaCpp.prepare();
            register(binding, bundle, names);
            return null;
        } catch (IOException e) {
            return e.getMessage();
        } catch (LinkageError | IllegalCallerException e) {
            return reason(e);
        }
    }

    /**
     * Loads on a thread that nobody can interrupt: JavaCPP waits for its folder's lock, and a class whose library was
     * not loaded because of an interrupt cannot be used in this process any more.
     *
     * @param loading what loads, and initialises classes
     * @return what it returns; what it throws is thrown here. An interrupt of the caller stays pending.
     */
    public static String undisturbed(Supplier<String> loading) {
        FutureTask<String> task = new FutureTask<>(loading::get);
        Thread thread = new Thread(task, "earshot-load");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Error error) {
                        throw error;
                    }
                    throw (RuntimeException) e.getCause();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** JavaCPP loads libraries for the class loader that it is in itself. */
    private static void requireJavaCppBeside(Class<?> binding) {
        if (binding.getClassLoader() != Loader.class.getClassLoader()) {
            throw new UnsatisfiedLinkError("JavaCPP in another class loader than " + binding.getName());
        }
    }

    /** Where a library is among a class's resources. */
    static URL resource(Class<?> binding, String file) throws UnsatisfiedLinkError {
        try {
            URL found = Loader.findResource(binding, Loader.getPlatform() + "/" + file);
            if (found == null) {
                throw new UnsatisfiedLinkError("Could not find " + file);
            }
            return found;
        } catch (IOException e) {
            throw (UnsatisfiedLinkError) new UnsatisfiedLinkError(file + ": " + e).initCause(e);
        }
    }

    /** The JVM gives a file to one class loader; each further one takes a copy of its own. */
    static void register(Class<?> binding, NativeBundle bundle, List<String> names) throws IOException {
        for (int copy = 1; ; copy++) {
            try {
                register(binding, bundle.unpack(PrivateFolder.root(), copy), names);
                return;
            } catch (UnsatisfiedLinkError e) {
                if (copy == MAX_COPIES || !messages(e).contains("already loaded in another classloader")) {
                    throw e;
                }
            }
        }
    }

    private static void register(Class<?> binding, List<Path> files, List<String> names) throws MalformedURLException {
        for (int i = 0; i < files.size(); i++) {
            if (names.get(i) != null) {
                Loader.loadLibrary(binding, new URL[] {files.get(i).toUri().toURL()}, names.get(i));
            }
        }
    }

    /** Ends the thread of JavaCPP's that frees what was not closed. */
    public static void endThread() {
        JavaCpp.endThread();
    }

    /**
     * What a failed load means, and what would mend it.
     *
     * @param failure what the JVM threw
     * @return cause and remedy
     */
    public static String reason(Throwable failure) {
        String text = messages(failure);
        String lower = text.toLowerCase(Locale.ROOT);
        if (failure instanceof IllegalCallerException) {
            return "a JVM that denies native access (start it with --enable-native-access=ALL-UNNAMED, or on the module"
                    + " path with --enable-native-access=org.earshot,org.bytedeco.javacpp, and with FFmpeg"
                    + " org.bytedeco.ffmpeg too): " + text;
        }
        if (lower.contains("cannot allocate memory")) {
            return "too little memory to map the library (give the process more): " + text;
        }
        if (lower.contains("failed to map segment") || lower.contains("operation not permitted")) {
            return "a folder that forbids execution (set " + PrivateFolder.SETTING + " to a folder on a file system"
                    + " mounted without noexec): " + text;
        }
        if (lower.contains("ld-linux")
                || lower.contains("musl")
                || lower.contains("error relocating")
                || lower.contains("error loading shared library")) {
            return "a system without glibc, such as Alpine (use a glibc-based image): " + text;
        }
        if (lower.contains("version `glibc") || lower.contains("glibcxx") || lower.contains("cxxabi")) {
            return "a C or C++ library older than the native library needs (update the system): " + text;
        }
        if (lower.contains("cannot open shared object file")) {
            return "a system library missing (install it; libstdc++.so.6 and libgcc_s.so.1 are in Debian's packages"
                    + " libstdc++6 and libgcc-s1): " + text;
        }
        if (lower.contains("wrong elf class") || lower.contains("invalid elf header")) {
            return "a native library for another machine or damaged (check the jars): " + text;
        }
        if (lower.contains("javacpp in another class loader")) {
            return text + " (put javacpp's jars beside those that use it)";
        }
        // Last: JavaCPP says this of every failure, with the true cause behind it.
        if (lower.contains("could not find")) {
            return "no native library for this platform in the jars (add those of classifier " + Loader.getPlatform()
                    + " that earshot, javacpp and ffmpeg have, if there are any; " + text + ")";
        }
        return "a native library that does not load: " + text;
    }

    private static String messages(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            text.append(text.length() == 0 ? "" : "; ").append(cause.getMessage());
        }
        return text.toString();
    }
}
