package org.earshot.architecture;

import static org.earshot.weights.WeightBinder.at;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.earshot.config.ConfigSection;
import org.earshot.layer.Activation;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.GatedFusion;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Gru;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.layer.ResidualSeparable;
import org.earshot.layer.Shape;
import org.earshot.network.Network;
import org.earshot.weights.WeightBinder;

/**
 * MobileASCNet (tools/reference/spec/models.md, "MobileASCNet"): residual blocks of separable convolutions, a GRU over
 * time, its mean, fusion with the context, linear classifier. All widths and counts, and the kind of fusion, are read
 * from the weights; the configuration's {@code fusion} ({@code "none"}, {@code "early"} or {@code "gated"}) must agree
 * with them if it is there.
 */
final class MobileAscNet {
    private static final int GATES = 3;
    private static final int DEEPEST = 30;
    private static final String FUSION = "fusion";
    private static final String EARLY_FUSION = "early_fusion.";
    private static final String GATE = "transform_gate";

    /** How sound and context come together, as the configuration calls it. */
    private enum Fusion {
        NONE,
        EARLY,
        GATED
    }

    private final Modules modules;
    private final WeightBinder binder;
    private final Network.Builder builder = new Network.Builder();
    private final Fusion fusion;
    private final int blocks;

    private MobileAscNet(Modules modules) {
        this.modules = modules;
        binder = modules.binder();
        ConfigSection options = modules.config().options().section();
        fusion = fusion(options);
        options.finish();
        boolean conditioned = modules.conditioned("");
        if (conditioned != (fusion != Fusion.NONE)) {
            throw options.wrong(
                    FUSION,
                    ConfigSection.word(fusion),
                    conditioned ? "early or gated, since there is a context" : "none, without a context");
        }
        blocks = Math.max(1, binder.count("blocks."));
    }

    /**
     * Composes the network.
     *
     * @param modules its parts
     * @return the model
     */
    static SceneModel compose(Modules modules) {
        return new MobileAscNet(modules).compose();
    }

    private SceneModel compose() {
        String x = Network.FEATURES;
        int channels = 1;
        for (int i = 0; i < blocks; i++) {
            ResidualSeparable block = block("blocks." + i + ".", channels);
            x = builder.add("blocks." + i, block, x);
            channels = block.outputs();
        }
        Gru gru = gru(channels);
        x = builder.add("gru", gru, x);
        int width = embedding(x, gru.hidden());
        builder.add(Network.LOGITS, modules.head("fc", width, modules.config().labels(), "labels"), Network.EMBEDDING);
        return modules.finish(
                builder.build(),
                fusion != Fusion.NONE,
                0,
                1 << Math.min(blocks, DEEPEST), // Every block halves the frames, and one must be left.
                Optional.empty());
    }

    private Fusion fusion(ConfigSection options) {
        Fusion shown = Fusion.NONE;
        if (modules.shows(EARLY_FUSION, false)) {
            shown = Fusion.EARLY;
        } else if (modules.shows(GATE + ".", modules.config().cities().isPresent())) {
            shown = Fusion.GATED;
        }
        List<String> words =
                Arrays.stream(Fusion.values()).map(ConfigSection::word).toList();
        Fusion asked = Fusion.values()[words.indexOf(options.choice(FUSION, words, ConfigSection.word(shown)))];
        if (asked != shown && modules.recognised()) {
            throw options.wrong(
                    FUSION, ConfigSection.word(asked), ConfigSection.word(shown) + ", which the weights have");
        }
        return asked;
    }

    private ResidualSeparable block(String prefix, int inputs) {
        int outputs = binder.extent(
                at(prefix + "conv.weight", 0, 4),
                at(prefix + "depthwise.weight", 0, 4),
                at(prefix + "pointwise.weight", 0, 4),
                at(prefix + "bn1.weight", 0, 1),
                at(prefix + "bn1.bias", 0, 1));
        Parameter convolution = binder.take(prefix + "conv.weight", outputs, inputs, 3, 3);
        Parameter depthwise = binder.take(prefix + "depthwise.weight", outputs, 1, 3, 3);
        boolean changes = inputs != outputs;
        return new ResidualSeparable(
                modules.batchNorm(prefix + "bn1", outputs).folded(convolution),
                depthwise,
                pointwise(prefix + "pointwise", prefix + "bn2", outputs, outputs),
                changes || binder.hasPrefix(prefix + "shortcut.")
                        ? pointwise(prefix + "shortcut.0", prefix + "shortcut.1", inputs, outputs)
                        : null);
    }

    /** A convolution of width 1 without bias and the batch norm behind it. */
    private Linear pointwise(String name, String norm, int inputs, int outputs) {
        Parameter weight = binder.take(name + ".weight", outputs, inputs, 1, 1);
        BatchNorm batchNorm = modules.batchNorm(norm, outputs);
        float[] folded = batchNorm.foldedWeight(weight).values();
        return new Linear(new Parameter(Shape.of(outputs, inputs), folded), batchNorm.foldedBias(), Activation.NONE);
    }

    private Gru gru(int channels) {
        String inputWeight = "gru.weight_ih_l0";
        int bands = modules.config().bands() >> Math.min(blocks, DEEPEST);
        int inputs = binder.extent(at(inputWeight, 1, 2));
        if (inputs % channels == 0) {
            int taken = inputs / channels;
            modules.checkBands(
                    bands == taken,
                    ((long) taken << Math.min(blocks, DEEPEST)) + ", which " + blocks + " poolings by 2 make the "
                            + taken + " bands of " + channels + " channels that " + inputWeight + " takes");
        }
        int hidden = binder.extent(
                at("gru.weight_hh_l0", 1, 2),
                at("gru.weight_hh_l0", 0, 2, GATES),
                at("gru.bias_hh_l0", 0, 1, GATES),
                at("gru.bias_ih_l0", 0, 1, GATES),
                at(inputWeight, 0, 2, GATES));
        int width = Math.max(1, bands) * channels;
        return new Gru(
                Gru.channelsFastest(binder.take(inputWeight, GATES * hidden, width), channels),
                binder.take("gru.weight_hh_l0", GATES * hidden, hidden),
                binder.take("gru.bias_ih_l0", GATES * hidden),
                binder.take("gru.bias_hh_l0", GATES * hidden));
    }

    /** Adds what leads from the GRU to the embedding, whose width it returns. */
    private int embedding(String sequence, int hidden) {
        GlobalPool mean = new GlobalPool(hidden, GlobalPool.Kind.MEAN);
        if (fusion == Fusion.NONE) {
            builder.add(Network.EMBEDDING, mean, sequence);
            return hidden;
        }
        String sound = builder.add("mean", mean, sequence);
        String joint = fusion == Fusion.GATED ? GATE + ".weight" : EARLY_FUSION + "0.weight";
        ContextEncoder encoder = modules.contextEncoder("", false, at(joint, 1, 2), hidden);
        String context = builder.add("context", encoder, Network.LOCATION, Network.TIME_FEATURES);
        int width = hidden + encoder.outputs();
        String joined = builder.add("concatenation", new Concatenation(hidden, encoder.outputs()), sound, context);
        if (fusion == Fusion.GATED) {
            GatedFusion gated = new GatedFusion(
                    modules.linear("carry_gate", width, width, Activation.NONE),
                    modules.linear(GATE, width, width, Activation.NONE),
                    modules.linear("transform", width, width, Activation.NONE));
            builder.add(Network.EMBEDDING, gated, joined);
            return width;
        }
        int inner = binder.extent(
                at(EARLY_FUSION + "0.weight", 0, 2),
                at(EARLY_FUSION + "0.bias", 0, 1),
                at(EARLY_FUSION + "2.weight", 1, 2));
        int outer = binder.extent(
                at(EARLY_FUSION + "2.weight", 0, 2), at(EARLY_FUSION + "2.bias", 0, 1), at("fc.weight", 1, 2));
        String first =
                builder.add(EARLY_FUSION + 0, modules.linear(EARLY_FUSION + 0, width, inner, Activation.RELU), joined);
        builder.add(Network.EMBEDDING, modules.linear(EARLY_FUSION + 2, inner, outer, Activation.RELU), first);
        return outer;
    }
}
