package org.earshot.architecture;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.earshot.architecture.ModuleOutput.Follow;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.layer.Shape;
import org.earshot.network.Network;

/** The modules of ASCMamba (tools/reference/spec/models.md, "ASCMamba") among the engine's values. */
final class AscMambaModules {
    private static final String ENCODER = "dense_encoder";
    private static final String CONTEXT = "context_encoder";
    private static final String HEAD = "classifier";

    private AscMambaModules() {}

    /** The table of a network. */
    static List<NodeModules> of(Network network) {
        List<NodeModules> table = new ArrayList<>();
        for (Network.Node node : network.nodes()) {
            switch (node.name()) {
                case Network.CONDITION ->
                    table.add(new NodeModules(
                            node.name(),
                            List.of(CONTEXT),
                            List.of(
                                    ModuleOutput.of(CONTEXT + ".projection", node, "BC"),
                                    ModuleOutput.of(CONTEXT, node, "BC"))));
                case ENCODER -> table.add(denseEncoder(node));
                case Network.LOGITS ->
                    table.add(new NodeModules(node.name(), List.of(HEAD), List.of(ModuleOutput.of(HEAD, node, "BC"))));
                default -> {
                    if (node.layer() instanceof MambaPath path) {
                        table.add(path(node, path));
                    }
                }
            }
        }
        return table;
    }

    /** A sequential's last module has its output; a bare name is the sequential's. */
    private static void addUnit(List<ModuleOutput> outputs, String name, Network.Node node, Follow follow) {
        outputs.add(ModuleOutput.of(name + ".2", node, follow, "BCTF"));
        outputs.add(ModuleOutput.of(name, node, follow, "BCTF"));
    }

    private static NodeModules denseEncoder(Network.Node node) {
        DenseEncoder encoder = (DenseEncoder) node.layer();
        List<ModuleOutput> outputs = new ArrayList<>();
        addUnit(outputs, ENCODER + ".dense_conv_1", cut(node, encoder, 0), Follow.NORMALIZED_BANDS);
        String block = ENCODER + ".dense_block";
        for (int i = 0; i < encoder.block().size(); i++) {
            addUnit(outputs, block + ".dense_block." + i, cut(node, encoder, i + 1), Follow.NORMALIZED_BANDS);
        }
        Network.Node last = cut(node, encoder, encoder.block().size());
        outputs.add(ModuleOutput.of(block, last, Follow.NORMALIZED_BANDS, "BCTF"));
        addUnit(outputs, ENCODER + ".dense_conv_2", node, Follow.NOTHING);
        outputs.add(ModuleOutput.of(ENCODER, node, "BCTF"));
        return new NodeModules(node.name(), List.of(ENCODER), outputs);
    }

    /** The encoder with so many layers of its block, the last convolution passing on every second band. */
    private static Network.Node cut(Network.Node node, DenseEncoder encoder, int layers) {
        int channels = encoder.channels();
        float[] taps = new float[channels * channels * 3];
        for (int c = 0; c < channels; c++) {
            taps[(c * channels + c) * 3 + 1] = 1;
        }
        Parameter zeros = new Parameter(Shape.of(channels), new float[channels]);
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        Parameter one = new Parameter(Shape.of(channels), ones);
        Parameter weight = new Parameter(Shape.of(channels, channels, 1, 3), taps);
        NormalizedConvolution last =
                new NormalizedConvolution(new Convolution(weight, zeros, 2, 0, 0, 1), one, zeros, one);
        return new Network.Node(
                node.name() + " cut behind " + layers + " layers of its block",
                new DenseEncoder(encoder.first(), encoder.block().subList(0, layers), last),
                node.inputs());
    }

    private static NodeModules path(Network.Node node, MambaPath path) {
        boolean time = path.axis() == MambaPath.Axis.TIME;
        String block = node.name().substring(0, node.name().lastIndexOf('.') + 1);
        String letter = time ? "time" : "freq";
        String norm = block + letter + (path.norm() instanceof PreNorm.Conditional ? "_cln" : "_norm");
        String mamba = block + letter + "_mamba";
        String linear = block + (time ? "tlinear" : "flinear");
        String sequence = time ? "(BF)TC" : "(BT)FC";
        List<ModuleOutput> outputs = new ArrayList<>();
        if (!(path.norm() instanceof PreNorm.None)) {
            // With mixers that make zeros, what comes out of a direction is what went in.
            Network.Node through =
                    direction(node, path, List.of(silent(path.forward().get(0))), 0, norm);
            outputs.add(ModuleOutput.residual(
                    norm, List.of(through), Follow.NOTHING, time ? "BFTC" : "BTFC", time ? "BTFC" : "BFTC", "BCTF"));
        }
        int layers = path.forward().size();
        for (int half = 0; half < 2; half++) {
            String blocks = mamba + (half == 0 ? ".forward_blocks." : ".backward_blocks.");
            Follow follow = half == 0 ? Follow.NOTHING : time ? Follow.REVERSED_FRAMES : Follow.REVERSED_BANDS;
            for (int k = 0; k < layers; k++) {
                List<Network.Node> nodes = List.of(upTo(node, path, k + 1, half, blocks + k));
                outputs.add(ModuleOutput.residual(blocks + k, nodes, follow, sequence));
            }
        }
        List<Network.Node> both = List.of(
                upTo(node, path, layers, 0, mamba + " forward"), upTo(node, path, layers, 1, mamba + " backward"));
        outputs.add(ModuleOutput.residual(mamba, both, Follow.NOTHING, sequence));
        outputs.add(ModuleOutput.residual(linear, List.of(node), Follow.NOTHING, time ? "(BF)CT" : "(BT)CF", sequence));
        if (!time) {
            String whole = block.substring(0, block.length() - 1);
            outputs.add(ModuleOutput.of(whole, node, "BTFC", "BCTF"));
        }
        return new NodeModules(node.name(), List.of(norm, mamba, linear), outputs);
    }

    /** The path with fewer layers, whose projection picks one direction. */
    private static Network.Node upTo(Network.Node node, MambaPath path, int layers, int half, String name) {
        List<MambaLayer> one = half == 0 ? path.forward() : path.backward();
        return direction(node, path, one.subList(0, layers), half, name);
    }

    private static Network.Node direction(
            Network.Node node, MambaPath path, List<MambaLayer> layers, int half, String name) {
        int channels = path.channels();
        float[] picks = new float[2 * channels * channels];
        for (int c = 0; c < channels; c++) {
            picks[(half * channels + c) * channels + c] = 1;
        }
        MambaPath one = new MambaPath(
                path.axis(),
                path.norm(),
                layers,
                layers,
                new Parameter(Shape.of(2 * channels, channels), picks),
                new Parameter(Shape.of(channels), new float[channels]));
        return new Network.Node(name + " within " + node.name(), one, node.inputs());
    }

    private static MambaLayer silent(MambaLayer layer) {
        Shape shape = layer.outProjection().shape();
        return new MambaLayer(
                layer.norm(),
                layer.inProjection(),
                layer.convWeight(),
                layer.convBias(),
                layer.xProjection(),
                layer.dtProjection(),
                layer.dtBias(),
                layer.aLog(),
                layer.skip(),
                new Parameter(shape, new float[Math.toIntExact(shape.elements())]));
    }
}
