package org.earshot.server.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.earshot.files.Quoted;
import org.earshot.server.service.ModelRepository;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.Graceful;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;

/** Leads each path to what answers it. */
final class Router extends Handler.Abstract {
    /** Of the protocol of WebSockets. */
    private static final String VERSION = "13";

    /** Metrics that are gathered at once: that takes long, and whoever asks again and again would have all threads. */
    private static final int GATHERED_AT_ONCE = 4;

    private final Exchange.Surroundings around;
    private final Waiting waiting;
    private final Guard guard;
    private final ModelRepository models;
    private final Protocol protocol;
    private final Simple simple;
    private final Streams streams;
    private final Supplier<String> metrics;
    private final Semaphore gathering = new Semaphore(GATHERED_AT_ONCE);
    private final Page page = new Page();
    private ServerWebSocketContainer sockets;

    Router(
            Exchange.Surroundings around,
            Waiting waiting,
            Guard guard,
            ModelRepository models,
            Protocol protocol,
            Simple simple,
            Streams streams,
            Supplier<String> metrics) {
        this.around = around;
        this.waiting = waiting;
        this.guard = guard;
        this.models = models;
        this.protocol = protocol;
        this.simple = simple;
        this.streams = streams;
        this.metrics = metrics;
    }

    @Override
    protected void doStart() throws Exception {
        sockets = ServerWebSocketContainer.ensure(getServer());
        // It would cut them off at the server's end, before they have their time.
        List.copyOf(sockets.getBeans(Graceful.class)).forEach(sockets::removeBean);
        super.doStart();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Exchange exchange;
        try {
            exchange = new Exchange(request, response, callback, around);
        } catch (RuntimeException e) {
            Exchange.fail(request, response, callback, e);
            return true;
        }
        waiting.add(exchange);
        Request.addCompletionListener(request, failure -> waiting.remove(exchange));
        try {
            handle(exchange);
        } catch (RuntimeException | Error e) {
            exchange.refuse(e);
        }
        return true;
    }

    private void handle(Exchange exchange) {
        Request request = exchange.request();
        guard.requireSameSite(request);
        List<String> path =
                List.of(request.getHttpURI().getDecodedPath().substring(1).split("/"));
        String first = path.get(0);
        boolean open = (path.size() == 1 && (first.isEmpty() || first.equals("health")))
                || (path.size() == 3 && first.equals("v2") && path.get(1).equals("health"));
        if (!open) {
            guard.requireToken(request);
        }
        if (first.equals("v2")) {
            protocol.handle(exchange, path.subList(1, path.size()));
            return;
        }
        switch (path.size() == 1 ? first : "/") {
            case "" -> {
                requireMethod(exchange, "GET");
                page.send(exchange);
            }
            case "health" -> {
                requireMethod(exchange, "GET");
                health(exchange);
            }
            case "metrics" -> {
                requireMethod(exchange, "GET");
                metrics(exchange);
            }
            case "classify" -> {
                requireMethod(exchange, "POST");
                simple.classify(exchange);
            }
            case "features" -> {
                requireMethod(exchange, "POST");
                simple.features(exchange);
            }
            case "stream" -> stream(exchange);
            default -> throw noSuchPath(exchange);
        }
    }

    private void metrics(Exchange exchange) {
        if (!gathering.tryAcquire()) {
            throw new RequestException(
                    Problem.BUSY,
                    "metrics: found " + GATHERED_AT_ONCE + " who are being told; expected fewer, in a while");
        }
        String text;
        try {
            text = metrics.get();
        } finally {
            gathering.release();
        }
        exchange.send(200, "text/plain; version=0.0.4; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    private void health(Exchange exchange) {
        String reason = models.unready().orElse("");
        exchange.json(reason.isEmpty() ? 200 : 503, Json.object(out -> {
            out.writeStringField("status", reason.isEmpty() ? "ready" : "unavailable");
            if (!reason.isEmpty()) {
                out.writeStringField("reason", reason);
            }
            // For the page, which so asks for one before it is refused.
            out.writeBooleanField("token", guard.asksForToken());
        }));
    }

    private void stream(Exchange exchange) {
        if (exchange.request().getMethod().equals("POST")) {
            streams.post(exchange);
            return;
        }
        requireMethod(exchange, "GET", "POST");
        if (!"websocket".equalsIgnoreCase(exchange.header(HttpHeader.UPGRADE.asString()))) {
            throw RequestException.invalid("stream", "a GET that is no WebSocket", "a WebSocket, or POST");
        }
        String version = exchange.header(HttpHeader.SEC_WEBSOCKET_VERSION.asString());
        if (!VERSION.equals(version)) {
            exchange.response().getHeaders().put(HttpHeader.SEC_WEBSOCKET_VERSION, VERSION);
            throw RequestException.invalid(
                    "sec-websocket-version", version == null ? "none" : Quoted.of(version), VERSION);
        }
        // Opened before the upgrade, so that what is wrong with it is said by a status.
        StreamSocket socket = streams.socket(exchange, waiting);
        boolean upgraded = false;
        try {
            upgraded = sockets.upgrade(
                    (request, response, callback) -> {
                        // Samples are no smaller for it, and what is packed so may be a thousand times as much.
                        response.setExtensions(List.of());
                        return socket;
                    },
                    exchange.request(),
                    exchange.response(),
                    exchange.callback());
        } finally {
            if (!upgraded) {
                socket.close();
            }
        }
        if (!upgraded) {
            throw RequestException.invalid("stream", "no handshake of a WebSocket", "one");
        }
    }

    /** Refuses other methods than those that a path is for. Whoever may GET may ask for the head alone. */
    static void requireMethod(Exchange exchange, String... methods) {
        List<String> allowed = new ArrayList<>(List.of(methods));
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        String found = exchange.request().getMethod();
        if (!allowed.contains(found)) {
            exchange.response().getHeaders().put(HttpHeader.ALLOW, String.join(", ", allowed));
            throw new RequestException(
                    Problem.METHOD, "method: found " + Quoted.of(found) + "; expected " + String.join(" or ", methods));
        }
    }

    private static RequestException noSuchPath(Exchange exchange) {
        return noSuchPath(exchange, "/, /classify, /stream, /features, /health, /metrics or one below /v2");
    }

    /**
     * What a path is refused with that leads nowhere.
     *
     * @param expected the paths that are there
     */
    static RequestException noSuchPath(Exchange exchange, String expected) {
        return new RequestException(
                Problem.NOT_FOUND,
                "path: found " + Quoted.of(exchange.request().getHttpURI().getPath()) + "; expected " + expected);
    }
}
