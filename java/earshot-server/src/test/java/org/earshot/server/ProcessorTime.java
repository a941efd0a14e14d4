package org.earshot.server;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** What this process, and another, have had of the processors, in user and system, as Linux counts it. */
final class ProcessorTime {
    /**
     * What the others have that are not told apart: the library's threads, of which some end while they are counted.
     */
    static final String LIBRARY = "library";

    static final String LOAD = "load";

    /** Linux tells every process so, whatever it counts in itself. */
    private static final double TICKS_A_SECOND = 100;

    /** What a thread does, by what comes first in its name, of which Linux keeps 15 bytes. These last for a turn. */
    private static final Map<String, String> WORK = Map.of(
            "earshot-http", "HTTP",
            "C1 ", "compiling",
            "C2 ", "compiling",
            "G1 ", "collecting",
            "GC ", "collecting",
            "VM ", "collecting");

    private ProcessorTime() {}

    /**
     * Seconds of this process by what its threads do, and of whoever asks it.
     *
     * @param load null if that is this process too
     */
    static Map<String, Double> of(Process load) {
        Map<String, Double> seconds = new TreeMap<>();
        double rest = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                String stat;
                try {
                    stat = Files.readString(thread.resolve("stat"));
                } catch (NoSuchFileException e) {
                    continue; // It has ended since.
                }
                String work = work(stat);
                if (!work.equals(LIBRARY)) {
                    rest -= seconds(stat);
                    seconds.merge(work, seconds(stat), Double::sum);
                }
            }
            seconds.put(LIBRARY, rest);
            if (load != null) {
                seconds.put(LOAD, seconds(Files.readString(Path.of("/proc/" + load.pid() + "/stat"))));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return seconds;
    }

    private static String work(String stat) {
        String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        return WORK.entrySet().stream()
                .filter(each -> name.startsWith(each.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(LIBRARY);
    }

    private static double seconds(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        // utime and stime; the state is the first field behind the name, and the third of all.
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_A_SECOND;
    }
}
