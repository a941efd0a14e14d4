package org.earshot.server.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.earshot.files.Quoted;
import org.earshot.server.service.RequestException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Promise;

/**
 * A recording as a browser's form or {@code curl} sends it: the body itself, or the file of a form.
 *
 * @param name the file's, as the client gave it, for messages and the answer; never a path that is opened
 * @param content the whole file
 * @param fields what else the form has
 */
@SuppressWarnings("ArrayRecordComponent") // Not compared, and not copied.
record Upload(String name, byte[] content, Map<String, String> fields) {
    private static final String FORM = "multipart/form-data";
    private static final int MOST_PARTS = 16;
    private static final String FILE = "file";
    private static final String NAME = "name";
    /** What is said of a recording, in the query or in the form. */
    private static final List<String> SAID = List.of("city", "time", "model", "version");

    private static final List<String> OF_QUERY = with(NAME);
    private static final List<String> OF_FORM = with(FILE);
    /** What stands for the name of a file that has none. */
    private static final String UNNAMED = "recording";

    private static List<String> with(String own) {
        List<String> all = new ArrayList<>(SAID);
        all.add(own);
        return List.copyOf(all);
    }

    /** Begins to read a request's body. */
    static CompletableFuture<Upload> of(Exchange exchange) {
        exchange.query().requireOnly(OF_QUERY);
        String type = exchange.header(HttpHeader.CONTENT_TYPE.asString());
        String name = exchange.query().value(NAME);
        return exchange.body()
                .thenCompose(body -> isForm(type)
                        ? ofForm(body, type)
                        : CompletableFuture.completedFuture(
                                new Upload(name == null || name.isEmpty() ? UNNAMED : name, body, Map.of())));
    }

    /** Whether a body of that type, which may be null, is a form. */
    static boolean isForm(String type) {
        return type != null && FORM.equalsIgnoreCase(HttpField.getValueParameters(type, null));
    }

    private static CompletableFuture<Upload> ofForm(byte[] body, String type) {
        String boundary = boundary(type);
        if (boundary == null) {
            throw RequestException.invalid("content-type", Quoted.of(type), FORM + "; boundary=...");
        }
        MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
        parser.setMaxParts(MOST_PARTS);
        // All of it is in memory, whose size is bounded already; nothing is written to a disk.
        parser.setMaxMemoryFileSize(-1);
        CompletableFuture<MultiPartFormData.Parts> parsed = new CompletableFuture<>();
        parser.parse(Content.Source.from(ByteBuffer.wrap(body)), Promise.Invocable.toPromise(parsed));
        return parsed.handle((parts, e) -> {
            if (e != null) {
                throw RequestException.invalid("body", "no form (" + reason(e) + ")", FORM);
            }
            return of(parts);
        });
    }

    /** In our words, not in those of who reads the form. */
    private static String reason(Throwable e) {
        return e instanceof EOFException
                ? "it breaks off before its last boundary"
                : e instanceof IllegalStateException ? "more than " + MOST_PARTS + " parts" : "none that can be read";
    }

    /** The parameter of that name, in whatever case; null if there is none, or if a quote in the header has no end. */
    private static String boundary(String type) {
        Map<String, String> parameters = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        try {
            HttpField.getValueParameters(type, parameters);
        } catch (IllegalArgumentException e) {
            return null;
        }
        String boundary = parameters.get("boundary");
        return boundary == null || boundary.isEmpty() ? null : boundary;
    }

    private static Upload of(MultiPartFormData.Parts parts) {
        Map<String, String> fields = new LinkedHashMap<>();
        Upload file = null;
        for (MultiPart.Part part : parts) {
            if (part.getFileName() != null || FILE.equals(part.getName())) {
                if (file != null) {
                    throw RequestException.invalid("form", "several files", "one");
                }
                file = new Upload(
                        Optional.ofNullable(part.getFileName())
                                .filter(name -> !name.isEmpty())
                                .orElse(UNNAMED),
                        content(part),
                        fields);
            } else {
                Query.requireKnown("form", part.getName(), OF_FORM);
                if (fields.putIfAbsent(part.getName(), text(part)) != null) {
                    throw Query.twice("form", part.getName());
                }
            }
        }
        if (file == null) {
            throw RequestException.invalid("form", "no file", "one");
        }
        return file;
    }

    /** A field's text. Guessed at, another encoding's would be another city, or another time, without a word. */
    private static String text(MultiPart.Part part) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content(part)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw RequestException.invalid("form: " + part.getName(), "bytes that are no UTF-8", "text in UTF-8");
        }
    }

    private static byte[] content(MultiPart.Part part) {
        try {
            return BufferUtil.toArray(Content.Source.asByteBuffer(part.getContentSource()));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Memory has none.
        }
    }

    /** A parameter of the query or of the form. */
    String parameter(Exchange exchange, String name) {
        String value = exchange.query().value(name);
        if (value != null && fields.containsKey(name)) {
            throw Query.twice("query and form", name);
        }
        return value == null ? fields.get(name) : value;
    }
}
