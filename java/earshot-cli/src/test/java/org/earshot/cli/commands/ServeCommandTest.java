package org.earshot.cli.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.earshot.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused; what is served is tested with the server, and by {@code tools/test-server}. */
class ServeCommandTest {
    @TempDir
    private Path folder;

    private static void assertRefused(String begin, Object... options) {
        Object[] arguments = new Object[options.length + 1];
        arguments[0] = "serve";
        System.arraycopy(options, 0, arguments, 1, options.length);
        String complaint = CommandRun.of(arguments).refusedInOneLine();
        assertTrue(complaint.startsWith("earshot: " + begin), complaint);
    }

    @Test
    void saysWhichOptionsAreWrong() throws IOException {
        Path empty = Files.createFile(folder.resolve("token"));
        assertRefused("which model?");
        assertRefused("--tls-cert and --tls-key belong", "--model", CommandRun.SMALL, "--tls-cert", empty);
        assertRefused("--token-file: found nothing", "--model", CommandRun.SMALL, "--token-file", empty);
        assertRefused("--queue: found -1; expected at least 0", "--model", CommandRun.SMALL, "--queue", "-1");
        assertRefused("--timeout: found NaN", "--model", CommandRun.SMALL, "--timeout", "NaN");
        assertRefused("--port: found 65536; expected 0 to", "--model", CommandRun.SMALL, "--port", "65536");
        assertRefused("--grpc-port: found -1; expected 0 to", "--model", CommandRun.SMALL, "--grpc-port", "-1");
        assertRefused("--host: found \"no.such.invalid\"", "--model", CommandRun.SMALL, "--host", "no.such.invalid");
        assertRefused("--host: found \"\"", "--model", CommandRun.SMALL, "--host", "");
        assertRefused("--max-body: found 1025; expected 1 to 1024", "--model", CommandRun.SMALL, "--max-body", "1025");
        assertRefused(
                "--max-streams: found 2147483647; expected 0 to",
                "--model",
                CommandRun.SMALL,
                "--max-streams",
                "2147483647");
    }

    /** What is printed is to be clicked. */
    @Test
    void saysWhereItListensAsUrlsHaveIt() {
        for (String host : new String[] {"::1", "[::1]", "fe80::1", "127.0.0.1", "localhost"}) {
            URI url = URI.create("http://" + ServeCommand.authority(host, 8080));
            assertEquals(host.contains(":") ? "[" + host.replaceAll("[\\[\\]]", "") + "]" : host, url.getHost());
            assertEquals(8080, url.getPort());
        }
        assertEquals("localhost:1", ServeCommand.authority(null, 1));
    }

    @Test
    void saysWhatCannotBeServed() throws IOException {
        String name = CommandRun.of("serve", "--model", "a/b=c").failedInOneLine();
        assertTrue(name.contains("\"b=c\""), name);
        String none = CommandRun.of("serve", "--model", folder).failedInOneLine();
        assertTrue(none.contains("found no config.json"), none);
        String batch = CommandRun.of("serve", "--model", CommandRun.SMALL, "--batch", Integer.MAX_VALUE)
                .failedInOneLine();
        assertTrue(batch.startsWith("earshot: windows of a batch: 2147483647; expected at most "), batch);
        Path noKey = Files.writeString(folder.resolve("key.pem"), "no key");
        Path gone = folder.resolve("gone.pem");
        String absent = CommandRun.of("serve", "--model", CommandRun.SMALL, "--tls-cert", gone, "--tls-key", noKey)
                .failedInOneLine();
        assertTrue(absent.contains("gone.pem: found a file that cannot be read (no such file or folder)"), absent);
        String other = CommandRun.of("serve", "--model", CommandRun.SMALL, "--tls-cert", noKey, "--tls-key", noKey)
                .failedInOneLine();
        assertTrue(other.contains("key.pem: found no \"-----BEGIN CERTIFICATE-----\""), other);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = CommandRun.of(
                            "serve",
                            "--model",
                            CommandRun.SMALL,
                            "--backend",
                            "portable",
                            "--batch",
                            "1",
                            "--port",
                            taken.getLocalPort())
                    .failedInOneLine();
            assertTrue(port.contains("a port that cannot be had"), port);
        }
    }
}
