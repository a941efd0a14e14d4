package org.earshot.layer;

/**
 * Weights and geometry of a two-dimensional convolution over (time, frequency), zero-padded: {@code y[t, f, o] = b[o] +
 * sum_{i,j,c} W[o, c, i, j] x[t*strideTime + i*dilationTime - padTime, ..., c]}.
 *
 * @param weight {@code [O, I, KT, KF]}
 * @param bias {@code [O]}
 * @param strideFrequency step in frequency (1 in time)
 * @param paddingTime zeros before and after in time
 * @param paddingFrequency zeros before and after in frequency
 * @param dilationTime distance of kernel rows in frames (1 in frequency)
 */
public record Convolution(
        Parameter weight,
        Parameter bias,
        int strideFrequency,
        int paddingTime,
        int paddingFrequency,
        int dilationTime) {
    /** Checks the shapes. */
    public Convolution {
        bias.require("bias", weight.extent(0));
        if (strideFrequency < 1 || dilationTime < 1 || paddingTime < 0 || paddingFrequency < 0) {
            throw new IllegalArgumentException("stride and dilation at least 1, padding at least 0");
        }
    }

    /**
     * The convolution of an odd kernel that keeps T and F: stride and dilation 1, padded by half the kernel.
     *
     * @param weight {@code [O, I, KT, KF]}
     * @param bias {@code [O]}
     * @return the convolution
     */
    public static Convolution same(Parameter weight, Parameter bias) {
        return new Convolution(weight, bias, 1, weight.extent(2) / 2, weight.extent(3) / 2, 1);
    }

    /** Checks that this is the {@link #same} convolution of a kernel 3x3. */
    void requireSame() {
        weight.require("convolution weight", outputs(), inputs(), 3, 3);
        if (!equals(same(weight, bias))) {
            throw new IllegalArgumentException("convolution: stride " + strideFrequency + ", padding " + paddingTime
                    + " x " + paddingFrequency + ", dilation " + dilationTime + "; expected 1, 1 x 1 and 1");
        }
    }

    /**
     * Channels of the input.
     *
     * @return I
     */
    public int inputs() {
        return weight.extent(1);
    }

    /**
     * Channels of the output.
     *
     * @return O
     */
    public int outputs() {
        return weight.extent(0);
    }

    /**
     * Rows of the kernel.
     *
     * @return KT
     */
    public int kernelTime() {
        return weight.extent(2);
    }

    /**
     * Columns of the kernel.
     *
     * @return KF
     */
    public int kernelFrequency() {
        return weight.extent(3);
    }

    /**
     * The shape this convolution makes.
     *
     * @param input {@code [B, T, F, I]}
     * @return {@code [B, T', F', O]}
     * @throws IllegalArgumentException if the input has other channels or is too small for the kernel
     */
    public Shape outputShape(Shape input) {
        Shapes.requireRank("convolution", input, 4);
        Shapes.requireExtent("convolution", input, -1, inputs());
        int frames = input.extent(1) + 2 * paddingTime - dilationTime * (kernelTime() - 1);
        int bands = (input.extent(2) + 2 * paddingFrequency - kernelFrequency()) / strideFrequency + 1;
        if (frames < 1 || input.extent(2) + 2 * paddingFrequency < kernelFrequency()) {
            throw new IllegalArgumentException("convolution: input " + input + " is smaller than its kernel of "
                    + kernelTime() + " x " + kernelFrequency());
        }
        return Shape.of(input.extent(0), frames, bands, outputs());
    }

    /**
     * Number of trained numbers.
     *
     * @return weights and biases
     */
    public long parameters() {
        return weight.shape().elements() + bias.shape().elements();
    }

    /**
     * Cost in multiply-adds.
     *
     * @param input {@code [B, T, F, I]}
     * @return output positions times weights
     */
    public long multiplyAdds(Shape input) {
        return outputShape(input).elements() / outputs() * weight.shape().elements();
    }
}
