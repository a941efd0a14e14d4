package org.earshot.layer;

/**
 * Layer norm over the C channels of each position, biased variance, epsilon 1e-5: {@code (x - m) / sqrt(v + eps) *
 * scale + shift}.
 *
 * @param scale {@code [C]}
 * @param shift {@code [C]}
 */
public record LayerNorm(Parameter scale, Parameter shift) implements PreNorm {
    /** Checks the shapes. */
    public LayerNorm {
        shift.require("norm bias", scale.extent(0));
    }

    @Override
    public long parameters() {
        return 2L * scale.extent(0);
    }
}
