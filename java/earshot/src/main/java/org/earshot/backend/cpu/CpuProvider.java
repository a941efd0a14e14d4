package org.earshot.backend.cpu;

import java.util.Locale;
import org.earshot.BackendException;
import org.earshot.backend.Backend;
import org.earshot.backend.BackendProvider;
import org.earshot.backend.Precision;

/** Loads the native library and starts the backend on the best instruction set there is. */
public final class CpuProvider implements BackendProvider {
    /** Creates the provider; nothing is loaded yet. */
    public CpuProvider() {}

    @Override
    public String name() {
        return CpuBackend.NAME;
    }

    @Override
    public Backend start(int threads, Precision precision) {
        load();
        return new CpuBackend(InstructionSet.best(), threads, precision);
    }

    /** Loads the library; the first failure's reason is kept, since the JVM reports later ones without it. */
    private static void load() {
        if (Library.FAILURE != null) {
            throw new BackendException(CpuBackend.NAME, Library.FAILURE, "the native CPU library loaded");
        }
    }

    /** What a failed load means, and what would mend it. */
    static String reason(LinkageError failure) {
        String text = messages(failure);
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("failed to map segment") || lower.contains("operation not permitted")) {
            return "a library cache that forbids execution (set org.bytedeco.javacpp.cachedir to a folder on a file"
                    + " system mounted without noexec): " + text;
        }
        if (lower.contains("glibc") || lower.contains("glibcxx")) {
            return "a C or C++ library older than the native library needs (update the system): " + text;
        }
        if (lower.contains("ld-linux") || lower.contains("musl")) {
            return "a system without glibc, such as Alpine (use a glibc-based image): " + text;
        }
        // Last: JavaCPP says this of every failure, with the true cause behind it.
        if (lower.contains("could not find jni") || lower.contains("no jniearshotcpu")) {
            return "no native library for this platform in the jars (" + platform()
                    + "; add earshot's and javacpp's jar with that classifier)";
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

    private static String platform() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + System.getProperty("os.arch");
    }

    /** Loads once, when first looked at. */
    private static final class Library {
        /** Null if all went well. */
        static final String FAILURE = attempt();

        private static String attempt() {
            try {
                if (EarshotCpu.earshot_cpu_abi() != EarshotCpu.EARSHOT_CPU_ABI) {
                    return "the native library has interface " + EarshotCpu.earshot_cpu_abi() + ", this jar needs "
                            + EarshotCpu.EARSHOT_CPU_ABI;
                }
                return null;
            } catch (LinkageError e) {
                return reason(e);
            }
        }
    }
}
