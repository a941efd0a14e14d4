package org.earshot.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * The frequencies beside a log-mel, whose bands lie evenly.
 *
 * @param bands how many
 * @param centre of each band, Hz
 * @param top where the highest band ends
 * @param height of the picture
 */
record BandScale(int bands, IntToDoubleFunction centre, double top, double height) {
    private static final double APART = 13;

    /** Octaves, of which those are named that the bands reach and that stand apart. */
    private static final int[] FREQUENCIES = {16_000, 8_000, 4_000, 2_000, 1_000, 500, 250, 125};

    /**
     * A frequency that is named.
     *
     * @param label in kHz
     * @param place where it lies
     */
    record Tick(String label, double place) {}

    List<Tick> ticks() {
        List<Tick> ticks = new ArrayList<>();
        double last = Double.NEGATIVE_INFINITY;
        for (int frequency : FREQUENCIES) {
            double place = place(frequency);
            if (Double.isFinite(place) && place - last >= APART) {
                ticks.add(new Tick(Numbers.fine(frequency / 1000.0), place));
                last = place;
            }
        }
        return ticks;
    }

    /** Where a frequency lies between the centres of the bands; NaN outside of them. */
    private double place(int frequency) {
        for (int band = 1; band < bands; band++) {
            double low = centre.applyAsDouble(band - 1);
            double high = centre.applyAsDouble(band);
            if (low <= frequency && frequency <= high && low < high) {
                double place = band - 0.5 + (frequency - low) / (high - low);
                return top + height * (1 - place / bands);
            }
        }
        return Double.NaN;
    }
}
