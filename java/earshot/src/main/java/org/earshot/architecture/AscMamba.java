package org.earshot.architecture;

import static org.earshot.weights.WeightBinder.at;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.earshot.config.ConfigSection;
import org.earshot.layer.Activation;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.weights.WeightBinder;

/**
 * ASCMamba (tools/reference/spec/models.md, "ASCMamba"): dense encoder, dual-path Mamba blocks, mean over time and
 * frequency, linear classifier; with context encoder and conditional layer norms where the weights have them. All
 * widths and counts are read from the weights.
 */
final class AscMamba {
    private static final String ENCODER = "dense_encoder.";
    private static final String CONTEXT = "context_encoder.";

    private AscMamba() {}

    /**
     * Composes the network.
     *
     * @param modules its parts; the option {@code pre_norm} may be {@code "none"}
     * @return the model
     */
    static SceneModel compose(Modules modules) {
        ConfigSection options = modules.config().options().section();
        boolean withoutNorm =
                options.choice("pre_norm", List.of("auto", "none"), "auto").equals("none");
        options.finish();
        WeightBinder binder = modules.binder();
        boolean conditioned = modules.conditioned(CONTEXT);

        Network.Builder builder = new Network.Builder();
        if (conditioned) {
            builder.add(
                    Network.CONDITION,
                    modules.contextEncoder(CONTEXT, true, at(CONTEXT + "projection.weight", 1, 2), 0),
                    Network.LOCATION,
                    Network.TIME_FEATURES);
        }
        DenseEncoder encoder = denseEncoder(binder);
        String x = builder.add("dense_encoder", encoder, Network.FEATURES);
        // At least one, so that foreign names are missed and not taken for a network without blocks.
        int blocks = Math.max(1, binder.count("blocks."));
        for (int block = 0; block < blocks; block++) {
            for (MambaPath.Axis axis : MambaPath.Axis.values()) {
                String prefix = "blocks." + block + ".";
                String name = prefix + (axis == MambaPath.Axis.TIME ? "time" : "freq");
                MambaPath path = path(modules, prefix, axis, encoder.channels(), withoutNorm, conditioned);
                x = path.norm() instanceof PreNorm.Conditional
                        ? builder.add(name, path, x, Network.CONDITION)
                        : builder.add(name, path, x);
            }
        }
        builder.add(Network.EMBEDDING, new GlobalPool(encoder.channels(), GlobalPool.Kind.MEAN), x);
        builder.add(
                Network.LOGITS,
                modules.head("classifier", encoder.channels(), modules.config().labels(), "labels"),
                Network.EMBEDDING);
        return modules.finish(
                builder.build(), conditioned, conditioned ? modules.conditionWidth(CONTEXT) : 0, 1, Optional.empty());
    }

    private static DenseEncoder denseEncoder(WeightBinder binder) {
        String block = ENCODER + "dense_block.dense_block.";
        String first = ENCODER + "dense_conv_1.";
        int channels = binder.extent(
                at(first + "0.weight", 0, 4),
                at(first + "0.bias", 0, 1),
                at(first + "1.weight", 0, 1),
                at(first + "1.bias", 0, 1),
                at(first + "2.weight", 0, 1));
        List<NormalizedConvolution> layers = new ArrayList<>();
        int count = Math.max(1, binder.count(block));
        for (int i = 0; i < count; i++) {
            int dilation = 1 << Math.min(i, 20);
            layers.add(convolution(
                    binder, block + i, new int[] {channels, channels * (i + 1), 3, 3}, 1, dilation, 1, dilation));
        }
        return new DenseEncoder(
                convolution(binder, ENCODER + "dense_conv_1", new int[] {channels, 1, 1, 1}, 1, 0, 0, 1),
                layers,
                convolution(binder, ENCODER + "dense_conv_2", new int[] {channels, channels, 1, 3}, 2, 0, 0, 1));
    }

    private static NormalizedConvolution convolution(
            WeightBinder binder,
            String name,
            int[] extents,
            int strideFrequency,
            int paddingTime,
            int paddingFrequency,
            int dilationTime) {
        int channels = extents[0];
        Convolution convolution = new Convolution(
                binder.take(name + ".0.weight", extents),
                binder.take(name + ".0.bias", channels),
                strideFrequency,
                paddingTime,
                paddingFrequency,
                dilationTime);
        return new NormalizedConvolution(
                convolution,
                binder.take(name + ".1.weight", channels),
                binder.take(name + ".1.bias", channels),
                binder.take(name + ".2.weight", channels));
    }

    private static MambaPath path(
            Modules modules,
            String block,
            MambaPath.Axis axis,
            int channels,
            boolean withoutNorm,
            boolean conditioned) {
        WeightBinder binder = modules.binder();
        boolean time = axis == MambaPath.Axis.TIME;
        String mamba = block + (time ? "time_mamba." : "freq_mamba.");
        String linear = block + (time ? "tlinear." : "flinear.");
        return new MambaPath(
                axis,
                preNorm(modules, block + (time ? "time_" : "freq_"), channels, withoutNorm, conditioned),
                mambaLayers(binder, mamba + "forward_blocks.", channels),
                mambaLayers(binder, mamba + "backward_blocks.", channels),
                squeezed(binder.take(linear + "weight", 2 * channels, channels, 1)),
                binder.take(linear + "bias", channels));
    }

    /** A transposed convolution of width 1 is a product: drops the last extent. */
    private static Parameter squeezed(Parameter weight) {
        return new Parameter(Shape.of(weight.extent(0), weight.extent(1)), weight.values());
    }

    private static PreNorm preNorm(
            Modules modules, String prefix, int channels, boolean withoutNorm, boolean conditioned) {
        if (withoutNorm) {
            return new PreNorm.None();
        }
        if (conditioned) {
            int condition = modules.conditionWidth(CONTEXT);
            return new PreNorm.Conditional(
                    modules.linear(prefix + "cln.gamma", condition, channels, Activation.NONE),
                    modules.linear(prefix + "cln.beta", condition, channels, Activation.NONE));
        }
        return modules.layerNorm(prefix + "norm", channels);
    }

    private static List<MambaLayer> mambaLayers(WeightBinder binder, String prefix, int channels) {
        List<MambaLayer> layers = new ArrayList<>();
        int count = Math.max(1, binder.count(prefix));
        for (int i = 0; i < count; i++) {
            String mixer = prefix + i + ".mixer.";
            int inner = binder.extent(
                    at(mixer + "A_log", 0, 2),
                    at(mixer + "D", 0, 1),
                    at(mixer + "dt_proj.bias", 0, 1),
                    at(mixer + "conv1d.bias", 0, 1),
                    at(mixer + "in_proj.weight", 0, 2, 2));
            int states = states(binder, mixer, inner);
            int rank = rank(binder, mixer, inner);
            int taps = binder.extent(at(mixer + "conv1d.weight", 2, 3));
            layers.add(new MambaLayer(
                    binder.take(prefix + i + ".norm.weight", channels),
                    binder.take(mixer + "in_proj.weight", 2 * inner, channels),
                    binder.take(mixer + "conv1d.weight", inner, 1, taps),
                    binder.take(mixer + "conv1d.bias", inner),
                    binder.take(mixer + "x_proj.weight", rank + 2 * states, inner),
                    binder.take(mixer + "dt_proj.weight", inner, rank),
                    binder.take(mixer + "dt_proj.bias", inner),
                    binder.take(mixer + "A_log", inner, states),
                    binder.take(mixer + "D", inner),
                    binder.take(mixer + "out_proj.weight", channels, inner)));
        }
        return layers;
    }

    /** N, the second extent of {@code A_log [E, N]}; if that is unfit, from the {@code R + 2 N} rows of x_proj. */
    private static int states(WeightBinder binder, String mixer, int inner) {
        String shows = mixer + "A_log";
        String rank = mixer + "dt_proj.weight";
        if (!isOf(binder, shows, inner) && isOf(binder, rank, inner)) {
            int rest = binder.extent(at(mixer + "x_proj.weight", 0, 2)) - binder.extent(at(rank, 1, 2));
            return rest >= 2 ? rest / 2 : 1;
        }
        return binder.extent(at(shows, 1, 2));
    }

    /** R, the second extent of {@code dt_proj [E, R]}; if that is unfit, from the {@code R + 2 N} rows of x_proj. */
    private static int rank(WeightBinder binder, String mixer, int inner) {
        String shows = mixer + "dt_proj.weight";
        String states = mixer + "A_log";
        if (!isOf(binder, shows, inner) && isOf(binder, states, inner)) {
            return Math.max(1, binder.extent(at(mixer + "x_proj.weight", 0, 2)) - 2 * binder.extent(at(states, 1, 2)));
        }
        return binder.extent(at(shows, 1, 2));
    }

    /** Whether a tensor is a matrix with so many rows. */
    private static boolean isOf(WeightBinder binder, String name, int rows) {
        return binder.shape(name)
                .filter(shape -> shape.rank() == 2 && shape.extent(0) == rows)
                .isPresent();
    }
}
