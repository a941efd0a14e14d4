package org.earshot.backend;

import java.util.Arrays;
import java.util.Optional;

/** In which numbers a backend multiplies. All of them add in float32. */
public enum Precision {
    /** Everything in float32. */
    FLOAT32("float32"),
    /**
     * The factors of the large products are rounded to bfloat16, which keeps 8 significant bits: a relative error of up
     * to 2^-9 each. Norms, scans, gates and residuals are computed in float32; a GPU may round alike what it hands from
     * one kernel to the next.
     */
    BF16("bf16"),
    /**
     * The factors of the large products are rounded to TF32, which keeps 11 significant bits: a relative error of up to
     * 2^-11 each. On devices with tensor cores.
     */
    TF32("tf32");

    private final String label;

    Precision(String label) {
        this.label = label;
    }

    /**
     * What users call it.
     *
     * @return {@code "float32"}, {@code "bf16"} or {@code "tf32"}
     */
    public String label() {
        return label;
    }

    /**
     * Finds a precision.
     *
     * @param label what users call it
     * @return the precision, if there is one of that label
     */
    public static Optional<Precision> of(String label) {
        return Arrays.stream(values())
                .filter(precision -> precision.label.equals(label))
                .findFirst();
    }

    @Override
    public String toString() {
        return label;
    }
}
