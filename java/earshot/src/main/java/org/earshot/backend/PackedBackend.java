package org.earshot.backend;

import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.Layer;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaPath;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/** A backend whose native library takes every kind of layer in the same packing. */
public abstract class PackedBackend implements Backend {
    /** For backends. */
    protected PackedBackend() {}

    /**
     * Prepares a layer of any kind.
     *
     * @param layer what to prepare
     * @return the prepared operation, which the caller closes
     */
    protected abstract Operation operation(Layer layer);

    @Override
    public Operation linear(Linear layer) {
        return operation(layer);
    }

    @Override
    public Operation globalPool(GlobalPool layer) {
        return operation(layer);
    }

    @Override
    public Operation contextEncoder(ContextEncoder layer) {
        return operation(layer);
    }

    @Override
    public Operation denseEncoder(DenseEncoder layer) {
        return operation(layer);
    }

    @Override
    public Operation mambaPath(MambaPath layer) {
        return operation(layer);
    }

    @Override
    public Operation bandNorm(BandNorm layer) {
        return operation(layer);
    }

    @Override
    public Operation squeezeExcitation(SqueezeExcitation layer) {
        return operation(layer);
    }

    @Override
    public Operation tokenPool(TokenPool layer) {
        return operation(layer);
    }

    @Override
    public Operation transformer(Transformer layer) {
        return operation(layer);
    }

    @Override
    public Operation concatenation(Concatenation layer) {
        return operation(layer);
    }

    @Override
    public Operation residualSeparable(ResidualSeparable layer) {
        return operation(layer);
    }

    @Override
    public Operation gru(Gru layer) {
        return operation(layer);
    }

    @Override
    public Operation gatedFusion(GatedFusion layer) {
        return operation(layer);
    }
}
