package org.earshot.backend.packing;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.earshot.layer.Activation;
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

/** Packs each kind of layer; those that take more than a few lines have a class of their own. */
final class LayerPacker implements LayerVisitor<PackedLayer> {
    /** The mean as a global pool. */
    static final int POOL_MEAN = 0;

    /** The maximum as a global pool. */
    static final int POOL_MAX = 1;

    private static PackedLayer packed(LayerKind kind, WeightList weights, int... numbers) {
        return new PackedLayer(kind, weights.values(), numbers);
    }

    @Override
    public PackedLayer linear(Linear layer) {
        return packed(
                LayerKind.LINEAR,
                new WeightList().add(layer),
                layer.inputs(),
                layer.outputs(),
                layer.activation() == Activation.RELU ? 1 : 0);
    }

    @Override
    public PackedLayer globalPool(GlobalPool layer) {
        return packed(
                LayerKind.GLOBAL_POOL,
                new WeightList(),
                layer.channels(),
                layer.operation() == GlobalPool.Kind.MEAN ? POOL_MEAN : POOL_MAX);
    }

    @Override
    public PackedLayer contextEncoder(ContextEncoder layer) {
        WeightList weights = new WeightList().add(layer.locationTable()).add(layer.timeMapping());
        if (layer.projection() != null) {
            weights.add(layer.projection());
        }
        return packed(
                LayerKind.CONTEXT,
                weights,
                layer.locationTable().extent(0),
                layer.locationTable().extent(1),
                layer.timeMapping().inputs(),
                layer.timeMapping().outputs(),
                layer.projection() == null ? 0 : layer.projection().outputs());
    }

    @Override
    public PackedLayer denseEncoder(DenseEncoder layer) {
        return DenseEncoderPacking.pack(layer);
    }

    @Override
    public PackedLayer mambaPath(MambaPath layer) {
        return MambaPathPacking.pack(layer);
    }

    @Override
    public PackedLayer bandNorm(BandNorm layer) {
        return packed(LayerKind.BAND_NORM, new WeightList().add(layer.scale(), layer.shift()), layer.bands());
    }

    @Override
    public PackedLayer squeezeExcitation(SqueezeExcitation layer) {
        int[] sizes = {
            layer.inputs(),
            layer.outputs(),
            layer.hidden(),
            layer.pooled() ? 1 : 0,
            layer.scales().size()
        };
        IntStream scales = layer.scales().stream().mapToInt(scale -> scale);
        return packed(
                LayerKind.SQUEEZE_EXCITATION,
                new WeightList()
                        .add(layer.convolution().weight(), layer.convolution().bias(), layer.fc0(), layer.fc2()),
                IntStream.concat(Arrays.stream(sizes), scales).toArray());
    }

    @Override
    public PackedLayer tokenPool(TokenPool layer) {
        return packed(LayerKind.TOKEN_POOL, new WeightList(), layer.channels(), layer.tokens());
    }

    @Override
    public PackedLayer transformer(Transformer layer) {
        WeightList weights = new WeightList()
                .add(layer.inProjection())
                .add(layer.outProjection())
                .add(layer.linear1())
                .add(layer.linear2())
                .add(layer.norm1())
                .add(layer.norm2());
        return packed(LayerKind.TRANSFORMER, weights, layer.width(), layer.heads(), layer.hidden());
    }

    @Override
    public PackedLayer concatenation(Concatenation layer) {
        return packed(LayerKind.CONCATENATION, new WeightList(), layer.first(), layer.second());
    }

    @Override
    public PackedLayer residualSeparable(ResidualSeparable layer) {
        WeightList weights = new WeightList()
                .add(layer.convolution().weight(), layer.convolution().bias(), layer.depthwise())
                .add(layer.pointwise());
        if (layer.shortcut() != null) {
            weights.add(layer.shortcut());
        }
        return packed(
                LayerKind.RESIDUAL_SEPARABLE,
                weights,
                layer.inputs(),
                layer.outputs(),
                layer.shortcut() == null ? 0 : 1);
    }

    @Override
    public PackedLayer gru(Gru layer) {
        return packed(
                LayerKind.GRU,
                new WeightList().add(layer.inputWeight(), layer.hiddenWeight(), layer.inputBias(), layer.hiddenBias()),
                layer.inputs(),
                layer.hidden());
    }

    @Override
    public PackedLayer gatedFusion(GatedFusion layer) {
        return packed(
                LayerKind.GATED_FUSION,
                new WeightList()
                        .add(layer.carryGate())
                        .add(layer.transformGate())
                        .add(layer.transform()),
                layer.width());
    }
}
