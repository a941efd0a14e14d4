package org.earshot.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.earshot.audio.AudioFormat;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;

/** The page to try the server on: one file, which may run its own script and ask its own server, and nothing else. */
final class Page {
    private static final String RESOURCE = "page.html";

    private final byte[] content;
    private final String policy;

    Page() {
        String html = read().replace("ENDINGS", endings());
        content = html.getBytes(StandardCharsets.UTF_8);
        // blob: is what it records by, an audio worklet of its own.
        policy = "default-src 'none'; connect-src 'self'; img-src data:; media-src blob:; base-uri 'none'; form-action"
                + " 'none'; frame-ancestors 'none'; script-src " + hash(html, "script") + " blob:; style-src "
                + hash(html, "style");
    }

    private static String read() {
        try (InputStream in = Page.class.getResourceAsStream(RESOURCE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // It is in the jar.
        }
    }

    /** What a browser offers of a folder's files. */
    private static String endings() {
        return Arrays.stream(AudioFormat.values())
                .flatMap(format -> format.endings().stream())
                .map(ending -> "." + ending)
                .collect(Collectors.joining(",", "audio/*,", ""));
    }

    /** The source that allows an element of the page and no other. */
    private static String hash(String html, String element) {
        Matcher matcher = Pattern.compile("<" + element + ">(.*?)</" + element + ">", Pattern.DOTALL)
                .matcher(html);
        if (!matcher.find()) {
            throw new IllegalStateException("the page has no " + element);
        }
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(matcher.group(1).getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // Every Java has it.
        }
    }

    void send(Exchange exchange) {
        HttpFields.Mutable headers = exchange.response().getHeaders();
        headers.put("Content-Security-Policy", policy);
        headers.put("Referrer-Policy", "no-referrer");
        headers.put(HttpHeader.CACHE_CONTROL, "no-cache");
        exchange.send(200, "text/html; charset=utf-8", content);
    }
}
