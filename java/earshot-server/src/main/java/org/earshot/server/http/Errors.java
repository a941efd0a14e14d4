package org.earshot.server.http;

import java.nio.ByteBuffer;
import org.earshot.files.Quoted;
import org.earshot.server.service.Problem;
import org.earshot.server.service.RequestException;
import org.eclipse.jetty.http.HttpException;
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
        String told = HttpStatus.isClientError(code) || code == HttpStatus.HTTP_VERSION_NOT_SUPPORTED_505
                ? worded(code, message)
                : HttpStatus.getMessage(code);
        request.setAttribute(Exchange.PROBLEM, told);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.write(true, ByteBuffer.wrap(json(told)), callback);
    }

    /** What ended a request that had come to a handler: what Jetty refuses then is the client's fault too. */
    static Throwable worded(Throwable thrown) {
        return thrown instanceof HttpException refused && HttpStatus.isClientError(refused.getCode())
                ? new RequestException(Problem.INVALID, worded(refused.getCode(), refused.getReason()))
                : thrown;
    }

    private static String worded(int code, String reason) {
        String expected =
                switch (code) {
                    case HttpStatus.URI_TOO_LONG_414, HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431 ->
                        "path, query and headers of 8 KiB at most";
                    case HttpStatus.EXPECTATION_FAILED_417 -> "no Expect but 100-continue";
                    case HttpStatus.UPGRADE_REQUIRED_426, HttpStatus.HTTP_VERSION_NOT_SUPPORTED_505 -> "HTTP/1.1";
                    default -> "a well-formed request of HTTP/1.1";
                };
        String found = reason == null ? HttpStatus.getMessage(code) : reason;
        return "request: found what is refused (" + Quoted.plain(found) + "); expected " + expected;
    }
}
