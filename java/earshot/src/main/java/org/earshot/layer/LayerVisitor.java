package org.earshot.layer;

/**
 * One method per kind of layer: the list of what a backend must be able to compute.
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
     * Visits a global mean.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R globalMean(GlobalMean layer);

    /**
     * Visits a linear layer.
     *
     * @param layer the layer
     * @return the visit's result
     */
    R linear(Linear layer);
}
