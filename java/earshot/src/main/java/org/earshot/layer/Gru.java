package org.earshot.layer;

import java.util.List;

/**
 * PyTorch's GRU, one layer, over time (MobileASCNet, step 2; Cho et al., 2014). Each frame's F * C values, as they lie
 * in memory (C fastest), are one input x; h starts as zeros:
 *
 * <pre>
 * r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      the weights hold r, z and n in this order
 * z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
 * n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))
 * h' = (1 - z) * n + z * h
 * </pre>
 *
 * Input {@code [B, T, F, C]}, output {@code [B, T, 1, H]}, the h' of every frame.
 *
 * @param inputWeight {@code [3H, F * C]}
 * @param hiddenWeight {@code [3H, H]}
 * @param inputBias {@code [3H]}
 * @param hiddenBias {@code [3H]}
 */
public record Gru(Parameter inputWeight, Parameter hiddenWeight, Parameter inputBias, Parameter hiddenBias)
        implements Layer {
    private static final int GATES = 3;

    /** Checks the shapes. */
    public Gru {
        int hidden = hiddenWeight.extent(1);
        hiddenWeight.require("hidden weight", GATES * hidden, hidden);
        inputWeight.require("input weight", GATES * hidden, inputWeight.extent(1));
        inputBias.require("input bias", GATES * hidden);
        hiddenBias.require("hidden bias", GATES * hidden);
    }

    /**
     * Orders an input weight's columns as activations lie. PyTorch's networks flatten a frame channel by channel,
     * {@code [C, F]}; activations lie as {@code [F, C]}.
     *
     * @param weight {@code [3H, C * F]}, PyTorch's
     * @param channels C
     * @return {@code [3H, F * C]}
     */
    public static Parameter channelsFastest(Parameter weight, int channels) {
        int width = weight.extent(1);
        int bands = width / channels;
        float[] values = new float[weight.values().length];
        for (int i = 0; i < values.length; i++) {
            int f = i % width / channels;
            int c = i % width % channels;
            values[i] = weight.values()[i / width * width + c * bands + f];
        }
        return new Parameter(weight.shape(), values);
    }

    /**
     * Width of the input.
     *
     * @return F * C
     */
    public int inputs() {
        return inputWeight.extent(1);
    }

    /**
     * Width of the state.
     *
     * @return H
     */
    public int hidden() {
        return hiddenWeight.extent(1);
    }

    @Override
    public String kind() {
        return "GRU";
    }

    @Override
    public Shape outputShape(List<Shape> inputs) {
        Shape input = Shapes.single(kind(), inputs, 4);
        if ((long) input.extent(2) * input.extent(3) != inputs()) {
            throw new IllegalArgumentException(
                    kind() + ": input " + input + "; expected bands times channels to be " + inputs());
        }
        return Shape.of(input.extent(0), input.extent(1), 1, hidden());
    }

    @Override
    public long parameters() {
        return inputWeight.shape().elements()
                + hiddenWeight.shape().elements()
                + inputBias.shape().elements()
                + hiddenBias.shape().elements();
    }

    @Override
    public long multiplyAdds(List<Shape> inputs) {
        long steps = (long) inputs.get(0).extent(0) * inputs.get(0).extent(1);
        return steps * (inputWeight.shape().elements() + hiddenWeight.shape().elements());
    }

    @Override
    public <R> R accept(LayerVisitor<R> visitor) {
        return visitor.gru(this);
    }
}
