package org.earshot.server.service;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The secret that requests must carry, if there is one: {@code Authorization: Bearer TOKEN}, by HTTP and gRPC alike.
 */
public final class Token {
    private static final String BEARER = "bearer ";

    private final byte[] secret;

    /**
     * Takes the secret.
     *
     * @param secret empty if none is asked for
     */
    public Token(Optional<String> secret) {
        this.secret = secret.map(text -> text.getBytes(StandardCharsets.UTF_8)).orElse(null);
    }

    /**
     * Whether requests must carry one.
     *
     * @return false if everybody may ask
     */
    public boolean isAskedFor() {
        return secret != null;
    }

    /**
     * Refuses requests without it. The time it takes does not tell how much of it is right.
     *
     * @param authorization the headers of that name: of several, somebody on the way may have looked at another than
     *     this server
     * @throws RequestException if it is not there
     */
    public void require(List<String> authorization) {
        if (secret == null) {
            return;
        }
        String header = authorization.size() == 1 ? authorization.get(0) : "";
        boolean bearer = header.toLowerCase(Locale.ROOT).startsWith(BEARER);
        byte[] given = (bearer ? header.substring(BEARER.length()).strip() : "").getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(secret, given)) {
            String found = authorization.size() > 1 ? "several" : bearer ? "another token" : "no bearer token";
            throw new RequestException(
                    Problem.UNAUTHENTICATED,
                    "authorization: found " + found + "; expected the server's (Authorization: Bearer TOKEN)");
        }
    }
}
