package org.earshot.cli.commands;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.earshot.cli.options.ServedModels;
import org.earshot.cli.options.ServiceOptions;
import org.earshot.cli.output.CommandException;
import org.earshot.cli.output.Logs;
import org.earshot.files.IoReason;
import org.earshot.files.Quoted;
import org.earshot.server.EarshotServer;
import org.earshot.server.observation.LineQueue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves models by HTTP and gRPC. */
@Command(
        name = "serve",
        description = "Serves models by HTTP and gRPC, with a page to try it in a browser, until it is told to end.",
        footer = {
            "",
            "Speaks the Open Inference Protocol (KServe v2), and for one recording: curl -F file=@street.wav"
                    + " http://localhost:8080/classify. Each request is a line of JSON on the standard output.",
            "SIGTERM and Ctrl-C end it when what has begun is answered, and a further one at once; SIGHUP loads the"
                    + " models anew, the old ones serving until then.",
            "",
            "Examples:",
            "  earshot serve",
            "  earshot serve --model street=models/1 --model models/indoors \\",
            "    --host 0.0.0.0 --token-file secret"
        })
final class ServeCommand extends Subcommand {
    @Mixin
    private ServedModels models;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Where to listen; 0.0.0.0 is everywhere. Default: loopback, this machine alone.")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8080",
            description = "Port of HTTP, 0 for any that is free. Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(
            names = "--grpc-port",
            paramLabel = "N",
            defaultValue = "8081",
            description = "Port of gRPC, likewise. Default: ${DEFAULT-VALUE}.")
    private int grpcPort;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "File with a bearer token that requests must carry, except for the page and for health.")
    private Path tokenFile;

    @Option(names = "--tls-cert", paramLabel = "PEM", description = "Certificate chain; all is encrypted then.")
    private Path certificates;

    @Option(names = "--tls-key", paramLabel = "PEM", description = "Its private key, in PKCS #8, not encrypted.")
    private Path key;

    @Mixin
    private ServiceOptions service;

    @Option(names = "--no-access-log", description = "Write no line for each request.")
    private boolean silent;

    /** Whether SIGHUP is heard. */
    private boolean reloadable;

    @Override
    public Integer call() {
        CompletableFuture<EarshotServer> started = new CompletableFuture<>();
        // Before anything that takes a while: a signal is not to find another process then than later.
        reloadable = Signals.onHangup(new Reload(started));
        if ((certificates == null) != (key == null)) {
            throw usageError("--tls-cert and --tls-key belong together");
        }
        EarshotServer.Builder builder = service.apply(EarshotServer.of(models.sources()))
                .address(address())
                .port(port("--port", port))
                .grpcPort(port("--grpc-port", grpcPort));
        if (tokenFile != null) {
            builder.token(token());
        }
        if (certificates != null) {
            encrypt(builder);
        }
        if (!silent) {
            builder.log(line -> console().result(line + "\n"));
        }
        serve(builder, started);
        return DONE;
    }

    private int port(String option, int number) {
        if (number < 0 || number > EarshotServer.HIGHEST_PORT) {
            throw usageError(option + ": found " + number + "; expected 0 to " + EarshotServer.HIGHEST_PORT);
        }
        return number;
    }

    private void encrypt(EarshotServer.Builder builder) {
        try {
            builder.tls(certificates, key);
        } catch (IllegalArgumentException e) {
            throw CommandException.reworded(e.getMessage(), e);
        }
    }

    private InetAddress address() {
        try {
            if (host == null) {
                return InetAddress.getLoopbackAddress();
            }
            if (!host.isEmpty()) { // Java takes nothing for loopback.
                return InetAddress.getByName(host);
            }
        } catch (UnknownHostException e) {
            // Told below.
        }
        throw usageError("--host: found " + Quoted.of(host) + "; expected an address of this machine");
    }

    /** How a URL has host and port; an address of IPv6 in brackets, as it has colons itself. */
    static String authority(String host, int port) {
        String name = host == null ? "localhost" : host;
        return (name.contains(":") && !name.startsWith("[") ? "[" + name + "]" : name) + ":" + port;
    }

    private String token() {
        String text;
        try {
            text = Files.readString(tokenFile).strip();
        } catch (IOException e) {
            throw new CommandException(
                    tokenFile.toString(), "a file that cannot be read (" + IoReason.of(e) + ")", "a token", e);
        }
        if (text.isEmpty()) {
            throw usageError("--token-file: found nothing in " + tokenFile + "; expected a token");
        }
        return text;
    }

    private static EarshotServer start(EarshotServer.Builder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new CommandException("server", "a port that cannot be had (" + e.getMessage() + ")", "a free one", e);
        } catch (IllegalArgumentException e) {
            // Choices that do not fit this model.
            throw CommandException.reworded(e.getMessage(), e);
        }
    }

    private void serve(EarshotServer.Builder builder, CompletableFuture<EarshotServer> started) {
        LineQueue log = new LineQueue(
                "earshot-log", console()::say, trouble -> console().say("the log " + trouble));
        Logs.direct(log::add, verbose());
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (started.isDone()) {
                Signals.endAtOnce();
                log.add("ending once what has begun is answered; a further signal ends it at once");
                started.join().close();
            }
            log.close();
            ended.countDown();
        }));
        EarshotServer server = start(builder);
        started.complete(server);
        String scheme = certificates == null ? "http" : "https";
        List<String> lines = new ArrayList<>(server.served());
        lines.add("listening on " + scheme + "://" + authority(host, server.port()) + " and, for gRPC, port "
                + server.grpcPort());
        lines.forEach(console()::say);
        if (!reloadable) {
            console()
                    .say("SIGHUP is ignored, as nohup has it; POST /v2/repository/models/NAME/load loads a model anew");
        }
        try {
            ended.await();
        } catch (InterruptedException e) {
            server.close();
            Thread.currentThread().interrupt();
        }
    }
}
