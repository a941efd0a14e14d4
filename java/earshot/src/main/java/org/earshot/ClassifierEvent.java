package org.earshot;

import java.util.concurrent.CancellationException;
import org.earshot.error.AudioException;
import org.earshot.error.BusyException;
import org.earshot.error.CancelledException;
import org.earshot.error.ContextException;
import org.earshot.error.DeadlineException;

/**
 * What a {@link ClassifierListener} is told of a call at its end. The four times follow on each other; what is left of
 * the call's whole time is bookkeeping.
 *
 * @param modelDigest {@link Classifier#modelDigest}
 * @param architecture the network, as {@code config.json} has it; of an ensemble, all joined by {@code +}
 * @param backend {@link Classifier#backend}
 * @param outcome how it ended
 * @param queuedNanos waiting for a session, for processors or for a batch; from {@code classifyAsync} on
 * @param decodeNanos reading, decoding and resampling the recording
 * @param featuresNanos computing features; 0 on a device, where they are part of the network's time
 * @param networkNanos computing the network; of a batch, its whole time
 * @param windows windows that were computed
 * @param batchSize windows that were computed at once, with other calls' or by {@code classifyAll}; 1 if it was alone,
 *     0 if no window was computed
 */
public record ClassifierEvent(
        String modelDigest,
        String architecture,
        String backend,
        Outcome outcome,
        long queuedNanos,
        long decodeNanos,
        long featuresNanos,
        long networkNanos,
        int windows,
        int batchSize) {
    /** How a call ended. */
    public enum Outcome {
        /** With an answer. */
        ANSWERED,
        /** With a {@link BusyException}: too many calls at once. */
        BUSY,
        /** With a {@link DeadlineException}. */
        LATE,
        /** With a {@link CancelledException}, or as a cancelled future. */
        CANCELLED,
        /** With an {@link AudioException} or {@link ContextException}: what was handed in cannot be classified. */
        REFUSED,
        /** With any other exception. */
        FAILED;

        /** The outcome that an exception stands for. */
        static Outcome of(Throwable e) {
            if (e instanceof BusyException) {
                return BUSY;
            }
            if (e instanceof DeadlineException) {
                return LATE;
            }
            if (e instanceof CancelledException || e instanceof CancellationException) {
                return CANCELLED;
            }
            return e instanceof AudioException || e instanceof ContextException ? REFUSED : FAILED;
        }
    }
}
