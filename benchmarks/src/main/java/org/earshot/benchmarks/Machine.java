package org.earshot.benchmarks;

import ai.djl.engine.Engine;
import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.earshot.backend.choice.Backends;

/** What a table must say of where it was taken; nothing that names the machine. */
final class Machine {
    /** What decides the speed of kernels. */
    private static final Set<String> FLAGS = Set.of(
            "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "sve");

    private Machine() {}

    /** One Markdown bullet each: processor, load, Java, versions of the peers. */
    static List<String> describe(double loadBefore) {
        String flags = ProcFile.value("/proc/cpuinfo", "flags").stream()
                .flatMap(text -> Arrays.stream(text.split(" ")))
                .filter(FLAGS::contains)
                .sorted()
                .collect(Collectors.joining(", "));
        return List.of(
                "- Processor: " + ProcFile.value("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch"))
                        + ", " + Runtime.getRuntime().availableProcessors() + " cores"
                        + (flags.isEmpty() ? "" : " (" + flags + ")"),
                "- Earshot's kernels: " + Backends.startOnProcessors(Backends.defaultThreads()),
                String.format(Locale.ROOT, "- Load average (1 min): %.1f before, %.1f after", loadBefore, load()),
                "- " + System.getProperty("java.vm.name") + " " + Runtime.version() + ", "
                        + System.getProperty("os.name"),
                "- ONNX Runtime " + OrtEnvironment.class.getPackage().getImplementationVersion() + "; PyTorch "
                        + pytorch() + " through DJL "
                        + Engine.class.getPackage().getSpecificationVersion());
    }

    /** Runnable tasks over the last minute; negative where the system does not tell. */
    static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    /** The version of the PyTorch library that DJL loads, without its build date. */
    private static String pytorch() {
        try (InputStream in = Machine.class.getResourceAsStream("/native/lib/pytorch.properties")) {
            if (in == null) {
                return "unknown";
            }
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version", "unknown").split("-", 2)[0];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
