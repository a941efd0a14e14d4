package org.earshot.backend;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
import org.earshot.layer.Shape;
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

    private LayerFixtures(Map<String, WeightTensor> tensors) {
        this.tensors = tensors;
    }

    /** The cases of a file that holds several, each without its name and the dot behind it. */
    public Map<String, LayerFixtures> cases() {
        Map<String, Map<String, WeightTensor>> cases = new TreeMap<>();
        tensors.forEach((name, tensor) -> {
            int dot = name.indexOf('.');
            cases.computeIfAbsent(name.substring(0, dot), key -> new TreeMap<>())
                    .put(name.substring(dot + 1), tensor);
        });
        Map<String, LayerFixtures> fixtures = new TreeMap<>();
        cases.forEach((name, part) -> fixtures.put(name, new LayerFixtures(part)));
        return fixtures;
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

    /** A tensor of whole numbers. */
    public List<Integer> integers(String name) {
        return Arrays.stream(tensors.get(name).longs())
                .mapToObj(Math::toIntExact)
                .toList();
    }

    /** A linear layer. */
    public Linear linear(String name) {
        return linear(name, Activation.NONE);
    }

    /** A linear layer and what follows. */
    public Linear linear(String name, Activation activation) {
        return new Linear(parameter(name + ".weight"), parameter(name + ".bias"), activation);
    }

    /** A convolution 1x1 as a linear layer. */
    public Linear pointwise(String name) {
        Parameter weight = parameter(name + ".weight");
        Shape shape = Shape.of(weight.extent(0), weight.extent(1));
        return new Linear(new Parameter(shape, weight.values()), parameter(name + ".bias"), Activation.NONE);
    }

    /** A layer norm. */
    public LayerNorm layerNorm(String name) {
        return new LayerNorm(parameter(name + ".weight"), parameter(name + ".bias"));
    }

    /** A convolution that keeps the size. */
    public Convolution same(String name) {
        return Convolution.same(parameter(name + ".weight"), parameter(name + ".bias"));
    }

    private NormalizedConvolution convolution(String name, int stride, int padT, int padF, int dilation) {
        return new NormalizedConvolution(
                new Convolution(
                        parameter(name + ".0.weight"), parameter(name + ".0.bias"), stride, padT, padF, dilation),
                parameter(name + ".1.weight"),
                parameter(name + ".1.bias"),
                parameter(name + ".2.weight"));
    }

    /** The dense encoder of tools/reference/spec/models.md, four layers deep. */
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
            norm = layerNorm(block + "." + path + "_norm");
        }
        Parameter weight = parameter(linear + ".weight");
        return new MambaPath(
                axis,
                norm,
                mambaLayers(block + "." + path + "_mamba.forward_blocks"),
                mambaLayers(block + "." + path + "_mamba.backward_blocks"),
                new Parameter(Shape.of(weight.extent(0), weight.extent(1)), weight.values()),
                parameter(linear + ".bias"));
    }
}
