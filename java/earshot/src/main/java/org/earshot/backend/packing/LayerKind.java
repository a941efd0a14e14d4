package org.earshot.backend.packing;

/** The kinds of layers, under the numbers that native libraries know them by. */
public enum LayerKind {
    /** {@link org.earshot.layer.Linear}. */
    LINEAR(1),
    /** {@link org.earshot.layer.GlobalPool}. */
    GLOBAL_POOL(2),
    /** {@link org.earshot.layer.ContextEncoder}. */
    CONTEXT(3),
    /** {@link org.earshot.layer.DenseEncoder}. */
    DENSE_ENCODER(4),
    /** {@link org.earshot.layer.MambaPath}. */
    MAMBA_PATH(5),
    /** {@link org.earshot.layer.BandNorm}. */
    BAND_NORM(6),
    /** {@link org.earshot.layer.SqueezeExcitation}. */
    SQUEEZE_EXCITATION(7),
    /** {@link org.earshot.layer.TokenPool}. */
    TOKEN_POOL(8),
    /** {@link org.earshot.layer.Transformer}. */
    TRANSFORMER(9),
    /** {@link org.earshot.layer.Concatenation}. */
    CONCATENATION(10),
    /** {@link org.earshot.layer.ResidualSeparable}. */
    RESIDUAL_SEPARABLE(11),
    /** {@link org.earshot.layer.Gru}. */
    GRU(12),
    /** {@link org.earshot.layer.GatedFusion}. */
    GATED_FUSION(13),
    /** {@link org.earshot.layer.LogMelSpectrogram}. */
    LOG_MEL(14);

    private final int code;

    LayerKind(int code) {
        this.code = code;
    }

    /**
     * The number that native libraries know it by.
     *
     * @return the value of {@code EARSHOT_LAYER_*}
     */
    public int code() {
        return code;
    }
}
