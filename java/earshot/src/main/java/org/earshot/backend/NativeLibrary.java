package org.earshot.backend;

import java.util.Locale;
import java.util.function.IntSupplier;

/** Loads a native library of ours through JavaCPP, and says in plain words why where it does not load. */
public final class NativeLibrary {
    private NativeLibrary() {}

    /**
     * Loads a library by asking it for its interface. The caller keeps the answer: the JVM reports the reason of a
     * failed load only once.
     *
     * @param abi the first native call, which makes JavaCPP load the library
     * @param expected the interface that this jar needs
     * @return null if all went well, or what was found instead of a library that can be used
     */
    public static String load(IntSupplier abi, int expected) {
        try {
            int found = abi.getAsInt();
            return found == expected
                    ? null
                    : "the native library has interface " + found + ", this jar needs " + expected;
        } catch (LinkageError e) {
            return reason(e);
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
        if (lower.contains("could not find jni") || lower.contains("no jniearshot")) {
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
}
