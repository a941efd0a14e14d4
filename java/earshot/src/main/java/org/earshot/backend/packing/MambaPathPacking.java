package org.earshot.backend.packing;

import org.earshot.layer.LayerNorm;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.PreNorm;

/** Packs a bidirectional Mamba path: its norm, the layers of both directions, the projection. */
final class MambaPathPacking {
    /** No norm in front. */
    static final int NORM_NONE = 0;

    /** A layer norm in front. */
    static final int NORM_LAYER = 1;

    /** A conditional layer norm in front. */
    static final int NORM_CONDITIONAL = 2;

    /** Sequences along time. */
    static final int AXIS_TIME = 0;

    /** Sequences along frequency. */
    static final int AXIS_FREQUENCY = 1;

    private MambaPathPacking() {}

    static PackedLayer pack(MambaPath layer) {
        WeightList weights = new WeightList();
        int norm = NORM_NONE;
        int condition = 0;
        if (layer.norm() instanceof LayerNorm plain) {
            norm = NORM_LAYER;
            weights.add(plain);
        } else if (layer.norm() instanceof PreNorm.Conditional conditional) {
            norm = NORM_CONDITIONAL;
            condition = conditional.conditionWidth();
            weights.add(conditional.gamma()).add(conditional.beta());
        }
        layer.forward().forEach(mamba -> add(weights, mamba));
        layer.backward().forEach(mamba -> add(weights, mamba));
        weights.add(layer.projectionWeight(), layer.projectionBias());
        MambaLayer first = layer.forward().get(0);
        return new PackedLayer(
                LayerKind.MAMBA_PATH,
                weights.values(),
                layer.axis() == MambaPath.Axis.TIME ? AXIS_TIME : AXIS_FREQUENCY,
                norm,
                condition,
                layer.forward().size(),
                layer.channels(),
                first.inner(),
                first.states(),
                first.rank(),
                first.taps());
    }

    private static void add(WeightList weights, MambaLayer layer) {
        weights.add(
                layer.norm(),
                layer.inProjection(),
                layer.convWeight(),
                layer.convBias(),
                layer.xProjection(),
                layer.dtProjection(),
                layer.dtBias(),
                layer.aLog(),
                layer.skip(),
                layer.outProjection());
    }
}
