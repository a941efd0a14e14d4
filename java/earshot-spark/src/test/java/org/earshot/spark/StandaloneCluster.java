package org.earshot.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Spark's own cluster manager on this machine, with a worker on each of two addresses. A local cluster has its workers
 * on one, and a copy of a slow task is only made on another than the task's.
 */
final class StandaloneCluster implements AutoCloseable {
    private static final List<String> HOSTS = List.of("127.0.0.2", "127.0.0.3");
    private static final long SECONDS = 60;

    private final List<Process> processes = new ArrayList<>();
    private final Path folder;
    private final int port;

    /**
     * Starts it.
     *
     * @param folder for what the processes write
     */
    StandaloneCluster(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        run("master.Master", "--host", "127.0.0.1", "--port", "" + port, "--webui-port", "0");
        awaitMaster();
        for (String host : HOSTS) {
            String work = folder.resolve("work-" + host).toString();
            run("worker.Worker", "--host", host, "--cores", "1", "--memory", "1g", "--work-dir", work, master());
        }
    }

    private void awaitMaster() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                return;
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    close();
                    throw e;
                }
                Thread.sleep(50);
            }
        }
    }

    private void run(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                Path.of(System.getenv("SPARK_HOME"), "jars") + "/*",
                "org.apache.spark.deploy." + program));
        command.addAll(List.of(arguments));
        processes.add(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        folder.resolve("cluster-" + processes.size() + ".txt").toFile())
                .start());
    }

    /** What a session names as its master. */
    String master() {
        return "spark://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        processes.forEach(Process::destroy);
        // Who is told to end and does not is ended.
        processes.forEach(process -> process.onExit()
                .orTimeout(SECONDS, TimeUnit.SECONDS)
                .exceptionally(late -> process.destroyForcibly())
                .join());
    }
}
