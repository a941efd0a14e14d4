package org.earshot.server.http;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Words what Jetty itself refuses as the protocol has it, and never how or where it failed. */
final class Errors extends ErrorHandler {
    /** What the protocol answers with in place of an answer. */
    static byte[] json(String message) {
        return Json.object(out -> out.writeStringField("error", message));
    }

    @Override
    protected void generateResponse(
            Request request, Response response, int code, String message, Throwable cause, Callback callback) {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.write(true, ByteBuffer.wrap(json(HttpStatus.getMessage(code))), callback);
    }
}
