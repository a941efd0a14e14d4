package org.earshot.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;

/** The executors' JVMs of clusters on this machine. */
final class ExecutorProcesses {
    private ExecutorProcesses() {}

    /** Those that run. */
    static List<ProcessHandle> all() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"))
                .toList();
    }

    /** Sends a process a signal by its name, which Java cannot. */
    static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid())
                .inheritIO()
                .start();
        assertEquals(0, kill.waitFor());
    }
}
