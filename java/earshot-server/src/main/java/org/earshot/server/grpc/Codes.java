package org.earshot.server.grpc;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.earshot.server.service.Failure;
import org.earshot.server.service.Problem;

/** gRPC's statuses of what requests fail of. */
final class Codes {
    /** Seconds after which another try may be better, as HTTP's header of the name has them. */
    static final Metadata.Key<String> RETRY_AFTER = Metadata.Key.of("retry-after", Metadata.ASCII_STRING_MARSHALLER);

    private Codes() {}

    private static Status.Code of(Problem problem) {
        return switch (problem) {
            case INVALID, METHOD, RECORDING, UNSUPPORTED, TOO_LARGE -> Status.Code.INVALID_ARGUMENT;
            case UNAUTHENTICATED -> Status.Code.UNAUTHENTICATED;
            case FORBIDDEN -> Status.Code.PERMISSION_DENIED;
            case NOT_FOUND -> Status.Code.NOT_FOUND;
            case BUSY -> Status.Code.RESOURCE_EXHAUSTED;
            case LATE -> Status.Code.DEADLINE_EXCEEDED;
            case CANCELLED -> Status.Code.CANCELLED;
            case UNAVAILABLE -> Status.Code.UNAVAILABLE;
            case INTERNAL -> Status.Code.INTERNAL;
        };
    }

    /** What a call ends with that fails. */
    static StatusRuntimeException of(Throwable thrown) {
        Failure failure = Failure.of(thrown);
        Metadata trailers = new Metadata();
        if (failure.problem() == Problem.BUSY || failure.problem() == Problem.UNAVAILABLE) {
            trailers.put(RETRY_AFTER, "1");
        }
        return of(failure.problem())
                .toStatus()
                .withDescription(failure.message())
                .asRuntimeException(trailers);
    }
}
