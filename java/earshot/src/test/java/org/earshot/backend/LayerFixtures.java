package org.earshot.backend;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.earshot.layer.Activation;
import org.earshot.layer.Convolution;
import org.earshot.layer.DenseEncoder;
import org.earshot.layer.LayerNorm;
import org.earshot.layer.Linear;
import org.earshot.layer.MambaLayer;
import org.earshot.layer.MambaPath;
import org.earshot.layer.NormalizedConvolution;
import org.earshot.layer.Parameter;
import org.earshot.layer.PreNorm;
import org.earshot.weights.Safetensors;
import org.earshot.weights.WeightTensor;

/** Builds layers from the tensors of a fixture, which carry the names that PyTorch gives them. */
public final class LayerFixtures {
    private final Map<String, WeightTensor> tensors;

    /** Opens a test resource. */
    public LayerFixtures(String resource) {
        try {
            tensors = Safetensors.read(
                            Path.of(LayerFixtures.class.getResource(resource).toURI()))
                    .tensors();
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(resource, e);
        }
    }

    /** Whether there is such a tensor. */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** A tensor. */
    public Parameter parameter(String name) {
        WeightTensor tensor = tensors.get(name);
        return new Parameter(tensor.shape(), tensor.floats());
    }

    /** A tensor's values. */
    public float[] values(String name) {
        return tensors.get(name).floats();
    }

    /** A linear layer. */
    public Linear linear(String name) {
        return new Linear(parameter(name + ".weight"), parameter(name + ".bias"), Activation.NONE);
    }

    private NormalizedConvolution convolution(String name, int stride, int padT, int padF, int dilation) {
        return new NormalizedConvolution(
                new Convolution(
                        parameter(name + ".0.weight"), parameter(name + ".0.bias"), stride, padT, padF, dilation),
                parameter(name + ".1.weight"),
                parameter(name + ".1.bias"),
                parameter(name + ".2.weight"));
    }

    /** The dense encoder of the specification, four layers deep. */
    public DenseEncoder denseEncoder() {
        String block = "dense_encoder.dense_block.dense_block.";
        return new DenseEncoder(
                convolution("dense_encoder.dense_conv_1", 1, 0, 0, 1),
                List.of(
                        convolution(block + 0, 1, 1, 1, 1),
                        convolution(block + 1, 1, 2, 1, 2),
                        convolution(block + 2, 1, 4, 1, 4),
                        convolution(block + 3, 1, 8, 1, 8)),
                convolution("dense_encoder.dense_conv_2", 2, 0, 0, 1));
    }

    private MambaLayer mambaLayer(String name) {
        String mixer = name + ".mixer.";
        return new MambaLayer(
                parameter(name + ".norm.weight"),
                parameter(mixer + "in_proj.weight"),
                parameter(mixer + "conv1d.weight"),
                parameter(mixer + "conv1d.bias"),
                parameter(mixer + "x_proj.weight"),
                parameter(mixer + "dt_proj.weight"),
                parameter(mixer + "dt_proj.bias"),
                parameter(mixer + "A_log"),
                parameter(mixer + "D"),
                parameter(mixer + "out_proj.weight"));
    }

    private List<MambaLayer> mambaLayers(String name) {
        return java.util.stream.Stream.iterate(0, i -> i + 1)
                .takeWhile(i -> has(name + "." + i + ".norm.weight"))
                .map(i -> mambaLayer(name + "." + i))
                .toList();
    }

    /** A path of block {@code block} with the pre-norm its tensors tell of. */
    public MambaPath mambaPath(String block, MambaPath.Axis axis) {
        String path = axis == MambaPath.Axis.TIME ? "time" : "freq";
        String linear = block + (axis == MambaPath.Axis.TIME ? ".tlinear" : ".flinear");
        PreNorm norm = new PreNorm.None();
        if (has(block + "." + path + "_cln.gamma.weight")) {
            norm = new PreNorm.Conditional(
                    linear(block + "." + path + "_cln.gamma"), linear(block + "." + path + "_cln.beta"));
        } else if (has(block + "." + path + "_norm.weight")) {
            norm = new LayerNorm(
                    parameter(block + "." + path + "_norm.weight"), parameter(block + "." + path + "_norm.bias"));
        }
        Parameter weight = parameter(linear + ".weight");
        return new MambaPath(
                axis,
                norm,
                mambaLayers(block + "." + path + "_mamba.forward_blocks"),
                mambaLayers(block + "." + path + "_mamba.backward_blocks"),
                new Parameter(org.earshot.layer.Shape.of(weight.extent(0), weight.extent(1)), weight.values()),
                parameter(linear + ".bias"));
    }
}
