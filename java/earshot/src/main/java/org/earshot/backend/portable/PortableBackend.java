package org.earshot.backend.portable;

import org.earshot.backend.Backend;
import org.earshot.backend.Execution;
import org.earshot.backend.Operation;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaPath;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/** The backend in plain Java. */
public final class PortableBackend implements Backend {
    /** Its name. */
    public static final String NAME = "portable";

    private final int threads;

    /**
     * Creates the backend.
     *
     * @param threads of every execution, the caller's included; at least 1
     */
    public PortableBackend(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads; expected at least 1");
        }
        this.threads = threads;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Execution open() {
        return new PortableExecution(threads);
    }

    @Override
    public Operation contextEncoder(ContextEncoder layer) {
        return new ContextEncoderOperation(layer);
    }

    @Override
    public Operation denseEncoder(DenseEncoder layer) {
        return new DenseEncoderOperation(layer);
    }

    @Override
    public Operation mambaPath(MambaPath layer) {
        return new MambaPathOperation(layer);
    }

    @Override
    public Operation globalPool(GlobalPool layer) {
        return new GlobalPoolOperation(layer);
    }

    @Override
    public Operation linear(Linear layer) {
        return new LinearOperation(layer);
    }

    @Override
    public Operation bandNorm(BandNorm layer) {
        return new BandNormOperation(layer);
    }

    @Override
    public Operation squeezeExcitation(SqueezeExcitation layer) {
        return new SqueezeExcitationOperation(layer);
    }

    @Override
    public Operation tokenPool(TokenPool layer) {
        return new TokenPoolOperation(layer);
    }

    @Override
    public Operation transformer(Transformer layer) {
        return new TransformerOperation(layer);
    }

    @Override
    public Operation concatenation(Concatenation layer) {
        return new ConcatenationOperation(layer);
    }

    @Override
    public Operation residualSeparable(ResidualSeparable layer) {
        return new ResidualSeparableOperation(layer);
    }

    @Override
    public Operation gru(Gru layer) {
        return new GruOperation(layer);
    }

    @Override
    public Operation gatedFusion(GatedFusion layer) {
        return new GatedFusionOperation(layer);
    }

    @Override
    public String toString() {
        return NAME + "[" + threads + (threads == 1 ? " thread]" : " threads]");
    }
}
