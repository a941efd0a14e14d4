package org.earshot.layer;

/** What stands in front of a Mamba path: nothing, a layer norm, or a conditional layer norm. */
public sealed interface PreNorm permits PreNorm.None, LayerNorm, PreNorm.Conditional {
    /**
     * Number of trained numbers.
     *
     * @return at least 0
     */
    long parameters();

    /** The identity ({@code "pre_norm": "none"}). */
    record None() implements PreNorm {
        @Override
        public long parameters() {
            return 0;
        }
    }

    /**
     * Conditional layer norm (ASCMamba, "CLN"): as {@link LayerNorm}, with scale = gamma(c) and shift = beta(c)
     * computed from the clip's condition c.
     *
     * @param gamma linear layer {@code K -> C}
     * @param beta linear layer {@code K -> C}
     */
    record Conditional(Linear gamma, Linear beta) implements PreNorm {
        /** Checks the shapes. */
        public Conditional {
            beta.weight().require("beta weight", gamma.outputs(), gamma.inputs());
        }

        /**
         * Width of the condition.
         *
         * @return K
         */
        public int conditionWidth() {
            return gamma.inputs();
        }

        @Override
        public long parameters() {
            return gamma.parameters() + beta.parameters();
        }
    }
}
