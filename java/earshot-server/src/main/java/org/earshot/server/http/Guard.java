package org.earshot.server.http;

import java.net.URI;
import java.util.Locale;
import org.earshot.files.Quoted;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.earshot.server.service.Token;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/** Who may ask: whoever has the token, if there is one; and no page of another site, whatever its browser allows. */
final class Guard {
    private final Token token;
    private final boolean onlyLocal;

    /**
     * Makes the guard.
     *
     * @param token that requests must carry
     * @param onlyLocal whether the server listens on loopback alone
     */
    Guard(Token token, boolean onlyLocal) {
        this.token = token;
        this.onlyLocal = onlyLocal;
    }

    /** Refuses requests that a page of another site makes, on its own or by a name that leads here. */
    void requireSameSite(Request request) {
        String host = request.getHeaders().get(HttpHeader.HOST);
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !authority(origin).equalsIgnoreCase(host)) {
            throw new RequestException(
                    Problem.FORBIDDEN, "origin: found " + Quoted.of(origin) + "; expected the server's own pages");
        }
        if (onlyLocal && host != null && !isLocal(Request.getServerName(request))) {
            throw new RequestException(
                    Problem.FORBIDDEN,
                    "host: found " + Quoted.of(host) + "; expected localhost or an address, as the server listens on"
                            + " loopback (--host says otherwise)");
        }
    }

    private static String authority(String origin) {
        try {
            String authority = URI.create(origin).getAuthority();
            return authority == null ? "" : authority;
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static boolean isLocal(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        // What has only these characters is an address, and is not looked up.
        return lower.equals("localhost")
                || lower.endsWith(".localhost")
                || lower.matches("[0-9.]+|\\[?[0-9a-f:.]+\\]?");
    }

    /** Whether there is a token. */
    boolean asksForToken() {
        return token.isAskedFor();
    }

    /** Refuses requests without the token. */
    void requireToken(Request request) {
        token.require(request.getHeaders().getValuesList(HttpHeader.AUTHORIZATION));
    }
}
