package org.earshot.backend.portable;

import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.LayerVisitor;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaPath;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;

/** Which operation computes which kind of layer. */
final class PortableOperations implements LayerVisitor<PortableOperation> {
    private final Epsilons epsilons;

    PortableOperations(Epsilons epsilons) {
        this.epsilons = epsilons;
    }

    @Override
    public PortableOperation contextEncoder(ContextEncoder layer) {
        return new ContextEncoderOperation(layer);
    }

    @Override
    public PortableOperation denseEncoder(DenseEncoder layer) {
        return new DenseEncoderOperation(layer, epsilons.norm());
    }

    @Override
    public PortableOperation mambaPath(MambaPath layer) {
        return new MambaPathOperation(layer, epsilons);
    }

    @Override
    public PortableOperation globalPool(GlobalPool layer) {
        return new GlobalPoolOperation(layer);
    }

    @Override
    public PortableOperation linear(Linear layer) {
        return new LinearOperation(layer);
    }

    @Override
    public PortableOperation bandNorm(BandNorm layer) {
        return new BandNormOperation(layer);
    }

    @Override
    public PortableOperation squeezeExcitation(SqueezeExcitation layer) {
        return new SqueezeExcitationOperation(layer);
    }

    @Override
    public PortableOperation tokenPool(TokenPool layer) {
        return new TokenPoolOperation(layer);
    }

    @Override
    public PortableOperation transformer(Transformer layer) {
        return new TransformerOperation(layer, epsilons.norm());
    }

    @Override
    public PortableOperation concatenation(Concatenation layer) {
        return new ConcatenationOperation(layer);
    }

    @Override
    public PortableOperation residualSeparable(ResidualSeparable layer) {
        return new ResidualSeparableOperation(layer);
    }

    @Override
    public PortableOperation gru(Gru layer) {
        return new GruOperation(layer);
    }

    @Override
    public PortableOperation gatedFusion(GatedFusion layer) {
        return new GatedFusionOperation(layer);
    }
}
