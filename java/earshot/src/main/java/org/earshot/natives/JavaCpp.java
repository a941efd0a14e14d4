package org.earshot.natives;

import java.io.IOException;
import java.net.URL;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * JavaCPP, made to keep its files in {@link PrivateFolder} and to load its own library from there. What it does not
 * allow: once another part of the application has used it, its folder is chosen and its library loaded, from
 * {@code ~/.javacpp/cache} or, without a home, from a folder in {@code /tmp} that others could have prepared. Setting
 * {@code org.bytedeco.javacpp.cachedir} keeps it out of there.
 */
final class JavaCpp {
    private static final String BOUND = "org.bytedeco.javacpp.maxPhysicalBytes";

    private static boolean prepared;

    private JavaCpp() {}

    /**
     * Prepares JavaCPP, at the first call.
     *
     * @throws IOException if there is no folder for its library
     * @throws UnsatisfiedLinkError if its library is missing or does not load
     */
    static synchronized void prepare() throws IOException {
        if (!prepared) {
            chooseFolder();
            URL source = NativeLibrary.resource(Loader.class, "libjnijavacpp.so");
            boolean unbounded = removeBound();
            try {
                NativeLibrary.register(
                        Loader.class,
                        new NativeBundle(
                                "javacpp",
                                List.of(new NativeBundle.Library(source, "libjnijavacpp.so")),
                                NativeBundle.Identity.CONTENT),
                        List.of("jnijavacpp"));
                Pointer.maxPhysicalBytes(); // Reads the setting, at the latest now.
            } finally {
                if (unbounded) {
                    System.clearProperty(BOUND);
                }
            }
            prepared = true;
        }
    }

    /**
     * By itself JavaCPP allocates nothing while the process has more than four times the heap's memory, and FFmpeg's
     * classes, which ask it for constants when they are initialised, could not be used ever after. Networks lie outside
     * of the heap: such a process is nothing out of the ordinary. Whoever sets a bound has it.
     */
    private static boolean removeBound() {
        boolean set = System.getProperty(BOUND) != null || System.getProperty(BOUND.toLowerCase(Locale.ROOT)) != null;
        if (!set) {
            System.setProperty(BOUND, "0");
        }
        return !set;
    }

    /**
     * JavaCPP reads the setting once and keeps the answer; nobody else is to see ours. It leaves links to the libraries
     * in that folder, nothing more: they are loaded before it looks for them.
     */
    private static void chooseFolder() throws IOException {
        if (System.getProperty(PrivateFolder.SETTING) == null
                && System.getProperty("org.bytedeco.javacpp.cacheDir") == null) {
            System.setProperty(
                    PrivateFolder.SETTING,
                    PrivateFolder.make(PrivateFolder.root().folder().resolve("links"))
                            .toString());
            try {
                Loader.getCacheDir();
            } finally {
                System.clearProperty(PrivateFolder.SETTING);
            }
        }
    }

    /** Ends the thread that frees what was not closed, if JavaCPP was used. */
    static synchronized void endThread() {
        if (prepared) {
            Pointer.interruptDeallocatorThread();
        }
    }
}
