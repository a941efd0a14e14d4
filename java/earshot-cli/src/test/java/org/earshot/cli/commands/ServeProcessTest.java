package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.earshot.cli.CommandRun;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process: what signals do to it, and whoever reads what it prints, or does not. */
@EnabledOnOs(OS.LINUX)
class ServeProcessTest {
    private static final Pattern PORT = Pattern.compile("listening on http://localhost:(\\d+) ");

    @TempDir
    private Path folder;

    private Process server;
    private BufferedReader log;

    /**
     * Whatever these tests are started with: signals that are ignored stay so in what is started, as under nohup, or in
     * the background of a script.
     */
    private void start(String... options) throws IOException {
        start(List.of("env", "--default-signal=HUP,INT"), options);
    }

    private void start(List<String> before, String... options) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.earshot.cli.Main",
                "serve",
                "--model",
                CommandRun.SMALL.toString(),
                "--backend",
                "portable",
                "--batch",
                "1",
                "--port",
                "0",
                "--grpc-port",
                "0",
                "--decode-in-process"));
        command.addAll(List.of(options));
        server = new ProcessBuilder(command).start();
        log = server.errorReader(StandardCharsets.UTF_8);
    }

    @AfterEach
    void end() {
        server.destroyForcibly();
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder(command).start().waitFor());
    }

    private void signal(String name) throws IOException, InterruptedException {
        run("kill", "-" + name, Long.toString(server.pid()));
    }

    /** What is printed until something is. */
    private List<String> until(String what) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            lines.add(line);
            if (line.contains(what)) {
                return lines;
            }
        }
        throw new AssertionError("no " + what + " in " + lines);
    }

    private int port() throws IOException {
        List<String> lines = until("listening on ");
        Matcher matcher = PORT.matcher(lines.get(lines.size() - 1));
        assertTrue(matcher.find(), lines::toString);
        return Integer.parseInt(matcher.group(1));
    }

    /** Whoever has written new models does not know how far the server is. */
    @Test
    void aSignalToReloadEndsNoServerThatStarts() throws Exception {
        Path token = folder.resolve("token");
        run("mkfifo", token.toString());
        start("--token-file", token.toString(), "--verbose");
        // Opened once the server reads it, before it loads its models.
        try (OutputStream secret = Files.newOutputStream(token)) {
            signal("HUP");
            signal("HUP");
            secret.write("secret".getBytes(StandardCharsets.US_ASCII));
        }
        port();
        until(" loaded anew");
        signal("HUP");
        until(" loaded anew");
        signal("TERM");
        assertTrue(server.waitFor(60, TimeUnit.SECONDS), "it ends");
        assertEquals(143, server.exitValue());
    }

    /** Whoever presses Ctrl-C twice will wait no longer, least of all for a client that may never send the rest. */
    @Test
    void aFurtherSignalEndsWhatIsEndingAtOnce() throws Exception {
        start("--drain", "3600");
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port())) {
            client.getOutputStream()
                    .write("POST /stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertEquals('H', client.getInputStream().read(), "it has begun");
            signal("TERM");
            until("ending once what has begun is answered; a further signal ends it at once");
            signal("INT");
            assertTrue(server.waitFor(60, TimeUnit.SECONDS), "it ends");
            assertEquals(130, server.exitValue());
        }
    }

    /** Java cannot take a signal back that it was started to ignore: nobody is to wait for new models in vain. */
    @Test
    void whereReloadIsIgnoredThatIsSaid() throws Exception {
        start(List.of("nohup"));
        port();
        signal("HUP");
        until("SIGHUP is ignored, as nohup has it; POST /v2/repository");
        signal("TERM");
        assertTrue(server.waitFor(60, TimeUnit.SECONDS), "it ends");
    }

    /** An answer comes in one piece, and is short. */
    private static String answer(Socket socket) throws IOException {
        byte[] answer = new byte[1000];
        int length = socket.getInputStream().read(answer);
        return new String(answer, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
    }

    private static void ask(Socket socket, String host) throws IOException {
        socket.getOutputStream()
                .write(("GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** What collects logs hangs, and holds 64 KiB in a pipe, which a few hundred lines fill. */
    @Test
    void whoReadsNoLogKeepsNobodyFromBeingAnswered() throws Exception {
        start();
        int port = port();
        try (Socket socket = new Socket("localhost", port)) {
            for (int i = 0; i < 2000; i++) {
                ask(socket, "localhost");
                assertTrue(answer(socket).startsWith("HTTP/1.1 200 OK"));
            }
        }
        InputStream requests = server.getInputStream();
        assertTrue(requests.available() > 1 << 15, "the pipe is full: " + requests.available());
        signal("TERM");
        assertTrue(server.waitFor(60, TimeUnit.SECONDS), "it ends all the same");
    }

    /** Anybody could fill a disk; each request is a line of the access log, which can be turned off. */
    @Test
    void clientsWriteNothingToTheLog() throws Exception {
        start("--no-access-log");
        int port = port();
        for (String host :
                List.of("localhost:99999", "localhost:no", "[::1", "local host", "a:b:c", "[]:80", "", "\0")) {
            try (Socket socket = new Socket("localhost", port)) {
                ask(socket, host);
                assertTrue(answer(socket).startsWith("HTTP/1.1 400 "), host);
            }
        }
        signal("TERM");
        assertTrue(server.waitFor(60, TimeUnit.SECONDS), "it ends");
        assertEquals(
                List.of("earshot: ending once what has begun is answered; a further signal ends it at once"),
                log.lines().toList());
    }
}
