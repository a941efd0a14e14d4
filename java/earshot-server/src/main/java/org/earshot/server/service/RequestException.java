package org.earshot.server.service;

import java.util.Objects;
import java.util.Optional;
import org.earshot.files.Quoted;

/** A request that cannot be answered, for a reason that its sender is told. */
public final class RequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What it failed of. */
    private final Problem problem;

    /** What whoever runs the server can do; null if nothing. */
    private final String remedy;

    /**
     * Creates the exception.
     *
     * @param problem what it failed of
     * @param message one line for the sender
     */
    public RequestException(Problem problem, String message) {
        this(problem, message, null);
    }

    private RequestException(Problem problem, String message, String remedy) {
        super(message);
        this.problem = Objects.requireNonNull(problem);
        this.remedy = remedy;
    }

    /**
     * Creates the exception for a value that is wrong.
     *
     * @param subject what the value is of; may be a name that the sender gave
     * @param found what was found there
     * @param expected what would have been right
     * @return of problem {@link Problem#INVALID}, worded as all of Earshot's are
     */
    public static RequestException invalid(String subject, String found, String expected) {
        return new RequestException(
                Problem.INVALID, Quoted.plain(subject) + ": found " + found + "; expected " + expected);
    }

    /**
     * Creates the exception for what is too much beside all that others ask for.
     *
     * @param subject what there is too much of
     * @param found how much
     * @param remedy what whoever runs the server can do that there is less: which option, and to what effect. Its log
     *     says so; the sender cannot but come again
     * @return of problem {@link Problem#BUSY}
     */
    public static RequestException busy(String subject, String found, String remedy) {
        return new RequestException(
                Problem.BUSY, subject + ": found " + found + "; expected fewer, in a while", remedy);
    }

    /**
     * Creates the exception of requests that a server at its end does not answer any more.
     *
     * @return of problem {@link Problem#UNAVAILABLE}
     */
    public static RequestException ending() {
        return new RequestException(Problem.UNAVAILABLE, "the server is ending");
    }

    /**
     * What it failed of.
     *
     * @return never null
     */
    public Problem problem() {
        return problem;
    }

    /** What whoever runs the server can do. */
    Optional<String> remedy() {
        return Optional.ofNullable(remedy);
    }
}
