package org.earshot.server.service;

/** What a request that fails failed of: each protocol has a status for it. */
public enum Problem {
    /** What was asked for contradicts itself or the protocol. */
    INVALID,
    /** No token, or a wrong one. */
    UNAUTHENTICATED,
    /** Asked for by a page of another site. */
    FORBIDDEN,
    /** There is no such model, version or path. */
    NOT_FOUND,
    /** The path is there, but is asked for by another method. */
    METHOD,
    /** The recording cannot be used: of no known format, damaged, too short. */
    RECORDING,
    /** The recording's format is known, and nothing here decodes it. */
    UNSUPPORTED,
    /** Beyond the bound on bytes, sound or recordings of one request. */
    TOO_LARGE,
    /** Too much to do; another time may be better. */
    BUSY,
    /** The request did not come in, or was not answered, in time. */
    LATE,
    /** Nobody waits for the answer any more. */
    CANCELLED,
    /** The server is ending, or its device is lost. */
    UNAVAILABLE,
    /** A fault of the server's. */
    INTERNAL
}
