package org.earshot.layer;

/**
 * One method per kind of layer, for whoever must tell the kinds apart: which operation computes a layer, how it is
 * packed. Who leaves out a kind does not compile.
 *
 * @param <R> what a visit returns
 */
public interface LayerVisitor<R> {
    /**
     * Visits a context encoder.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R contextEncoder(ContextEncoder layer);

    /**
     * Visits a dense encoder.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R denseEncoder(DenseEncoder layer);

    /**
     * Visits a bidirectional Mamba path.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R mambaPath(MambaPath layer);

    /**
     * Visits a global mean or maximum.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R globalPool(GlobalPool layer);

    /**
     * Visits a linear layer.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R linear(Linear layer);

    /**
     * Visits a band norm.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R bandNorm(BandNorm layer);

    /**
     * Visits a squeeze-and-excitation layer.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R squeezeExcitation(SqueezeExcitation layer);

    /**
     * Visits a token pool.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R tokenPool(TokenPool layer);

    /**
     * Visits a transformer layer.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R transformer(Transformer layer);

    /**
     * Visits a concatenation.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R concatenation(Concatenation layer);

    /**
     * Visits a residual separable block.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R residualSeparable(ResidualSeparable layer);

    /**
     * Visits a GRU.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R gru(Gru layer);

    /**
     * Visits a gated fusion.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R gatedFusion(GatedFusion layer);
}
