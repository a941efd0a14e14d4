package org.earshot.spark;

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
}
