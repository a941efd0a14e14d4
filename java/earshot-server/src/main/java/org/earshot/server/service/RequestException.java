package org.earshot.server.service;

import java.util.Objects;

/** A request that cannot be answered, for a reason that its sender is told. */
public final class RequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What it failed of. */
    private final Problem problem;

    /**
     * Creates the exception.
     *
     * @param problem what it failed of
     * @param message one line for the sender
     */
    public RequestException(Problem problem, String message) {
        super(message);
        this.problem = Objects.requireNonNull(problem);
    }

    /**
     * Creates the exception for a value that is wrong.
     *
     * @param subject what the value is of
     * @param found what was found there
     * @param expected what would have been right
     * @return of problem {@link Problem#INVALID}, worded as all of Earshot's are
     */
    public static RequestException invalid(String subject, String found, String expected) {
        return new RequestException(Problem.INVALID, subject + ": found " + found + "; expected " + expected);
    }

    /**
     * What it failed of.
     *
     * @return never null
     */
    public Problem problem() {
        return problem;
    }
}
