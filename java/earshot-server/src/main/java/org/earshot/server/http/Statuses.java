package org.earshot.server.http;

import org.earshot.server.service.Problem;
import org.eclipse.jetty.websocket.api.StatusCode;

/** HTTP's statuses of what requests fail of. */
final class Statuses {
    /** What nginx logs of clients that went away; nobody receives it. */
    private static final int CLIENT_GONE = 499;

    private Statuses() {}

    static int of(Problem problem) {
        return switch (problem) {
            case INVALID -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN -> 403;
            case NOT_FOUND -> 404;
            case METHOD -> 405;
            case TOO_LARGE -> 413;
            case UNSUPPORTED -> 415;
            case RECORDING -> 422;
            case CANCELLED -> CLIENT_GONE;
            case INTERNAL -> 500;
            case BUSY, UNAVAILABLE -> 503;
            case LATE -> 504;
        };
    }

    /** What a WebSocket is closed with that fails in the middle. */
    static int closing(Problem problem) {
        return switch (problem) {
            case RECORDING, UNSUPPORTED, INVALID, METHOD, NOT_FOUND -> StatusCode.BAD_PAYLOAD;
            case TOO_LARGE -> StatusCode.MESSAGE_TOO_LARGE;
            case UNAUTHENTICATED, FORBIDDEN -> StatusCode.POLICY_VIOLATION;
            case BUSY, LATE -> StatusCode.TRY_AGAIN_LATER;
            case CANCELLED, UNAVAILABLE -> StatusCode.SHUTDOWN;
            case INTERNAL -> StatusCode.SERVER_ERROR;
        };
    }
}
