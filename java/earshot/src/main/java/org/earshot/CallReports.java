package org.earshot;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Tells of calls as they end: a listener, and a flight recording if one is being made. */
final class CallReports {
    private static final System.Logger LOGGER = System.getLogger(CallReports.class.getName());

    private final ClassifierListener listener;
    private final String modelDigest;
    private final String architecture;
    private final String backend;

    CallReports(ClassifierListener listener, String modelDigest, String architecture, String backend) {
        this.listener = listener;
        this.modelDigest = modelDigest;
        this.architecture = architecture;
        this.backend = backend;
    }

    /** Does a call's work and tells of its end. */
    <R> R of(Call call, Supplier<R> work) {
        ClassifyEvent recorded = new ClassifyEvent();
        recorded.begin();
        call.works();
        ClassifierEvent.Outcome outcome = ClassifierEvent.Outcome.FAILED;
        try {
            R result = work.get();
            outcome = ClassifierEvent.Outcome.ANSWERED;
            return result;
        } catch (RuntimeException e) {
            outcome = ClassifierEvent.Outcome.of(e);
            throw e;
        } finally {
            report(call, recorded, outcome);
        }
    }

    /** Tells of the end of a call that nobody's thread waits for, if its work never began. */
    @SuppressWarnings("FutureReturnValueIgnored") // Its effect is all that is wanted.
    <R> CompletableFuture<R> ofAsync(Call call, Supplier<CompletableFuture<R>> submission) {
        CompletableFuture<R> future;
        try {
            future = submission.get();
        } catch (RuntimeException e) {
            reportUnbegun(call, e);
            throw e;
        }
        future.whenComplete((result, e) -> {
            if (e != null && !call.hasBegun()) {
                reportUnbegun(call, e);
            }
        });
        return future;
    }

    private void reportUnbegun(Call call, Throwable e) {
        call.begins();
        ClassifyEvent recorded = new ClassifyEvent();
        recorded.begin();
        report(call, recorded, ClassifierEvent.Outcome.of(e));
    }

    private void report(Call call, ClassifyEvent recorded, ClassifierEvent.Outcome outcome) {
        recorded.end();
        if (!call.toBeReported() || (listener == ClassifierListener.NONE && !recorded.isEnabled())) {
            return;
        }
        ClassifierEvent event = call.event(modelDigest, architecture, backend, outcome);
        recorded.commit(event);
        try {
            listener.callEnded(event);
        } catch (Exception e) {
            LOGGER.log(System.Logger.Level.WARNING, "a listener failed when it was told of " + event, e);
        }
    }
}
