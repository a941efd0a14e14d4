package org.earshot.server.service;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.ClosedException;
import org.earshot.error.ContextException;
import org.earshot.error.DeadlineException;
import org.earshot.error.DeviceException;
import org.earshot.error.EarshotException;

/**
 * What a request's sender is told of an exception: one line, never a stack trace. What is a fault of the server's is
 * logged with its trace, and its sender is told no more than that.
 *
 * @param problem what it is
 * @param message one line
 */
public record Failure(Problem problem, String message) {
    private static final System.Logger LOGGER = System.getLogger(Failure.class.getName());

    /**
     * Words an exception.
     *
     * @param thrown whatever ended a request
     * @return what to answer
     */
    public static Failure of(Throwable thrown) {
        Throwable e = thrown;
        while ((e instanceof CompletionException || e instanceof ExecutionException) && e.getCause() != null) {
            e = e.getCause();
        }
        if (e instanceof RequestException request) {
            request.remedy().ifPresent(remedy -> Advice.give(request.getMessage(), remedy));
            return new Failure(request.problem(), request.getMessage());
        }
        if (e instanceof AudioException audio) {
            return new Failure(problem(audio.reason()), audio.getMessage());
        }
        if (e instanceof ContextException) {
            return new Failure(Problem.INVALID, e.getMessage());
        }
        if (e instanceof BusyException) {
            // In its own words it tells a program that has the library which of its choices to change.
            return of(RequestException.busy(
                    "requests",
                    "as many as are taken at once",
                    "--queue N has more of them wait, and --threads N more recordings decoded at once"));
        }
        if (e instanceof DeadlineException) {
            return new Failure(Problem.LATE, e.getMessage());
        }
        if (e instanceof CancelledException || e instanceof CancellationException) {
            return new Failure(Problem.CANCELLED, "the request was given up");
        }
        if (e instanceof DeviceException) {
            return new Failure(Problem.UNAVAILABLE, e.getMessage());
        }
        if (e instanceof ClosedException) {
            return of(RequestException.ending());
        }
        if (e instanceof OutOfMemoryError) {
            Advice.give("a request found no memory", "-Xmx gives Java more, and --max-body bounds what one takes");
            return new Failure(Problem.BUSY, "memory: found none left for the request; expected some, in a while");
        }
        LOGGER.log(System.Logger.Level.ERROR, "a request failed", e);
        // What Earshot says of its own files names their paths, which are nobody's business outside.
        return new Failure(
                Problem.INTERNAL,
                e instanceof EarshotException
                        ? "the model cannot be used; the server's log says why"
                        : "a fault of the server's; its log says more");
    }

    private static Problem problem(AudioException.Reason reason) {
        return switch (reason) {
            case FORMAT, DAMAGED -> Problem.RECORDING;
            case UNAVAILABLE -> Problem.UNSUPPORTED;
            case LIMIT -> Problem.TOO_LARGE;
            case INTERRUPTED -> Problem.CANCELLED;
            case IO -> Problem.INTERNAL;
        };
    }
}
