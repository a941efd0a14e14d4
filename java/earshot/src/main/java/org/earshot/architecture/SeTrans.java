package org.earshot.architecture;

import static org.earshot.weights.WeightBinder.at;

import java.util.List;
import java.util.Optional;
import org.earshot.config.ConfigSection;
import org.earshot.error.ModelException;
import org.earshot.layer.Activation;
import org.earshot.layer.BandNorm;
import org.earshot.layer.Concatenation;
import org.earshot.layer.ContextEncoder;
import org.earshot.layer.Convolution;
import org.earshot.layer.GlobalPool;
import org.earshot.layer.Linear;
import org.earshot.layer.Parameter;
import org.earshot.layer.SqueezeExcitation;
import org.earshot.layer.TokenPool;
import org.earshot.layer.Transformer;
import org.earshot.network.Network;
import org.earshot.weights.WeightBinder;

/**
 * SE-Trans, the challenge baseline, and its improved form (tools/reference/spec/models.md, "SE-Trans"): batch norm over
 * the bands, two squeeze-and-excitation blocks, 16 tokens, transformer layers, maximum over the tokens, fusion with the
 * context where the weights have one, linear classifier; with a second head for the coarse scene where the weights have
 * one. All widths and counts are read from the weights; the configuration says the number of attention heads
 * ({@code heads}, by default 8), the scales of the squeeze ({@code se_scales}, by default {@code [1]}) and the coarse
 * scenes (see {@link CoarseScenes}).
 */
final class SeTrans {
    private static final int TOKENS = 16;
    private static final List<String> BLOCKS = List.of("SE_block1.", "SE_block2.");
    private static final int DEFAULT_HEADS = 8;
    private static final int MOST_HEADS = 1 << 12;
    private static final int LARGEST_SCALE = 64;
    private static final String SCALES = "se_scales";

    /** Named again by the challenge's trainer, which registers the layer that the encoder copies. */
    private static final String UNUSED = "encoder_layer.";

    private final Modules modules;
    private final WeightBinder binder;
    private final Network.Builder builder = new Network.Builder();

    private SeTrans(Modules modules) {
        this.modules = modules;
        binder = modules.binder();
    }

    /**
     * Composes the network.
     *
     * @param modules its parts; {@code encoder_layer.*}, an unused copy in the baseline's checkpoints, is passed over
     * @return the model
     */
    static SceneModel compose(Modules modules) {
        return new SeTrans(modules).compose();
    }

    private SceneModel compose() {
        NetworkConfig config = modules.config();
        binder.ignore(UNUSED);
        boolean conditioned = modules.conditioned("");
        ConfigSection options = config.options().section();
        List<Integer> scales = options.has(SCALES) ? options.integers(SCALES, 1, LARGEST_SCALE) : List.of(1);
        int heads = options.integer("heads", 1, MOST_HEADS, DEFAULT_HEADS);
        Optional<CoarseScenes> coarse = CoarseScenes.read(
                options, config.labels(), modules.shows(CoarseScenes.HEAD + ".", options.has("coarse_labels")));
        options.finish();

        String x = bandNorm();
        int channels = 1;
        for (String block : BLOCKS) {
            for (int i = 1; i <= 2; i++) {
                SqueezeExcitation layer = squeezeExcitation(block, i, channels, scales);
                x = builder.add(block + "se" + i, layer, x);
                channels = layer.outputs();
            }
        }
        x = builder.add("tokens", new TokenPool(channels, TOKENS), x);
        int layers = Math.max(1, binder.count("encoder.layers."));
        for (int i = 0; i < layers; i++) {
            x = builder.add("encoder.layers." + i, transformer("encoder.layers." + i + ".", channels, heads), x);
        }
        int width = embedding(x, channels, conditioned);
        Linear fc = modules.head("fc", width, config.labels(), "labels");
        builder.add(Network.LOGITS, fc, Network.EMBEDDING);
        coarse.ifPresent(scenes -> builder.add(
                Network.COARSE_LOGITS,
                modules.head(CoarseScenes.HEAD, width, scenes.labels(), "model.coarse_labels"),
                Network.EMBEDDING));
        return modules.finish(
                builder.build(),
                conditioned,
                0,
                1 << BLOCKS.size(), // Every block halves the frames, and one must be left.
                coarse);
    }

    private String bandNorm() {
        int bands = binder.extent(
                at("bn0.weight", 0, 1),
                at("bn0.bias", 0, 1),
                at("bn0.running_mean", 0, 1),
                at("bn0.running_var", 0, 1));
        BandNorm norm = modules.batchNorm("bn0", bands).overBands();
        modules.checkBands(bands == modules.config().bands(), bands + ", as many as bn0.weight has values");
        return builder.add("bn0", norm, Network.FEATURES);
    }

    private SqueezeExcitation squeezeExcitation(String block, int number, int inputs, List<Integer> scales) {
        String weight = block + "conv" + number + ".weight";
        String fc = block + "se" + number + ".fc.";
        String norm = block + "bn" + number;
        int outputs = binder.extent(
                at(weight, 0, 4),
                at(norm + ".weight", 0, 1),
                at(norm + ".bias", 0, 1),
                at(norm + ".running_mean", 0, 1),
                at(norm + ".running_var", 0, 1));
        Parameter weights = binder.take(weight, outputs, inputs, 3, 3);
        Convolution convolution = modules.batchNorm(norm, outputs).folded(weights);
        int hidden = binder.extent(at(fc + "0.weight", 0, 2), at(fc + "2.weight", 1, 2));
        int width = binder.extent(at(fc + "0.weight", 1, 2));
        int squeezed = SqueezeExcitation.squeezed(outputs, scales);
        if (binder.fits() && width != squeezed && width % outputs == 0) {
            throw new ModelException(
                    modules.config().source() + ": model." + SCALES,
                    scales + ", whose squares sum to " + squeezed / outputs,
                    "scales whose squares sum to " + width / outputs + ", since " + fc + "0.weight takes " + width
                            + " values of " + outputs + " channels");
        }
        return new SqueezeExcitation(
                convolution,
                binder.take(fc + "0.weight", hidden, squeezed),
                binder.take(fc + "2.weight", outputs, hidden),
                scales,
                number == 2);
    }

    private Transformer transformer(String prefix, int width, int heads) {
        int hidden = binder.extent(
                at(prefix + "linear1.weight", 0, 2),
                at(prefix + "linear1.bias", 0, 1),
                at(prefix + "linear2.weight", 1, 2));
        boolean divides = width % heads == 0;
        if (!divides && binder.fits()) {
            throw new ModelException(
                    modules.config().source() + ": model.heads",
                    Integer.toString(heads),
                    "a divisor of " + width + ", the width of " + prefix + "self_attn");
        }
        Linear inProjection = new Linear(
                binder.take(prefix + "self_attn.in_proj_weight", 3 * width, width),
                binder.take(prefix + "self_attn.in_proj_bias", 3 * width),
                Activation.NONE);
        return new Transformer(
                divides ? heads : 1, // without weights; finish will list them
                inProjection,
                modules.linear(prefix + "self_attn.out_proj", width, width, Activation.NONE),
                modules.linear(prefix + "linear1", width, hidden, Activation.RELU),
                modules.linear(prefix + "linear2", hidden, width, Activation.NONE),
                modules.layerNorm(prefix + "norm1", width),
                modules.layerNorm(prefix + "norm2", width));
    }

    /** Adds what leads from the tokens to the embedding, whose width it returns. */
    private int embedding(String tokens, int channels, boolean conditioned) {
        GlobalPool pool = new GlobalPool(channels, GlobalPool.Kind.MAX);
        if (!conditioned) {
            builder.add(Network.EMBEDDING, pool, tokens);
            return channels;
        }
        String sound = builder.add("pool", pool, tokens);
        ContextEncoder encoder = modules.contextEncoder("", false, at("fusion_layer.weight", 1, 2), channels);
        String context = builder.add("context", encoder, Network.LOCATION, Network.TIME_FEATURES);
        Concatenation both = new Concatenation(channels, encoder.outputs());
        String joined = builder.add("concatenation", both, sound, context);
        int width =
                binder.extent(at("fusion_layer.weight", 0, 2), at("fusion_layer.bias", 0, 1), at("fc.weight", 1, 2));
        Linear fusion = modules.linear("fusion_layer", channels + encoder.outputs(), width, Activation.RELU);
        builder.add(Network.EMBEDDING, fusion, joined);
        return width;
    }
}
