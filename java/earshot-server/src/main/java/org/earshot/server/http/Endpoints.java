package org.earshot.server.http;

import java.util.Set;
import org.earshot.server.observation.AccessLog;
import org.earshot.server.observation.Metrics;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;

/** Notes every request when it has been answered. */
final class Endpoints implements RequestLog {
    private static final Set<String> FEW =
            Set.of("/", "/classify", "/features", "/stream", "/health", "/metrics", "/v2");

    private final AccessLog log;
    private final Metrics metrics;

    Endpoints(AccessLog log, Metrics metrics) {
        this.log = log;
        this.metrics = metrics;
    }

    @Override
    public void log(Request request, Response response) {
        long nanos = System.nanoTime() - request.getBeginNanoTime();
        String status = Integer.toString(response.getStatus());
        String path = request.getHttpURI().getPath();
        metrics.request("http", endpoint(path == null ? "" : path), status, nanos);
        log.write(new AccessLog.Entry(
                "http",
                Request.getRemoteAddr(request),
                request.getMethod(),
                path,
                (String) request.getAttribute(Exchange.MODEL),
                status,
                Request.getContentBytesRead(request),
                Response.getContentBytesWritten(response),
                nanos,
                (String) request.getAttribute(Exchange.PROBLEM)));
    }

    /** What a path asks for, without the names in it: metrics have room for few. */
    private static String endpoint(String path) {
        if (FEW.contains(path)) {
            return path;
        }
        if (path.startsWith("/v2/health/")) {
            return "/v2/health";
        }
        if (path.startsWith("/v2/repository/")) {
            return "/v2/repository";
        }
        if (path.startsWith("/v2/models")) {
            return path.endsWith("/infer") ? "/v2/models/infer" : "/v2/models";
        }
        return "other";
    }
}
