package org.earshot.parity;

import org.earshot.backend.Precision;

/**
 * How to compare.
 *
 * @param precision of the backend's products
 * @param isolated whether each layer is fed what the reference fed it, so that what follows a fault is not blamed for
 *     it; else the layers run one after another, as in use
 * @param tolerances how large differences may be
 * @param guesses whether to look for what the reference does otherwise, where a difference is too large: in the first
 *     layer, or, isolated, in each
 */
public record ParityOptions(Precision precision, boolean isolated, Tolerances tolerances, boolean guesses) {
    /**
     * Along the run, without guesses.
     *
     * @param precision of the backend's products
     * @param tolerances how large differences may be
     * @return the options
     */
    public static ParityOptions alongTheRun(Precision precision, Tolerances tolerances) {
        return new ParityOptions(precision, false, tolerances, false);
    }
}
