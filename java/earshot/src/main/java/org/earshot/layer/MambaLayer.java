package org.earshot.layer;

/**
 * One Mamba-1 layer over a sequence {@code x [L, C]}: {@code x + mixer(RMSNorm(x))}, with {@code RMSNorm(x) = x /
 * sqrt(mean(x^2) + 1e-5) * norm} and the mixer (Gu and Dao, "Mamba", 2023; E inner channels, N states, R the rank of
 * dt, K taps)
 *
 * <pre>
 * (u, z)    = split(inProjection x)                               [2E, C], no bias; u first
 * u_t       = SiLU(convBias + sum_k convWeight[k] u_{t - K + 1 + k})   causal, depthwise, zeros before the start
 * (d, B, C) = split(xProjection u)                                [R + 2N, E], no bias
 * delta     = softplus(dtProjection d + dtBias)                   [E, R]
 * h_t       = exp(delta_t A) h_{t-1} + delta_t B_t u_t            A = -exp(aLog) [E, N], h_{-1} = 0
 * y_t       = C_t h_t + skip u_t                                  sum over the N states; skip is D [E]
 * mixer(x)  = outProjection (y * SiLU(z))                         [C, E], no bias
 * </pre>
 *
 * @param norm {@code [C]}
 * @param inProjection {@code [2E, C]}
 * @param convWeight {@code [E, 1, K]}
 * @param convBias {@code [E]}
 * @param xProjection {@code [R + 2N, E]}
 * @param dtProjection {@code [E, R]}
 * @param dtBias {@code [E]}
 * @param aLog {@code [E, N]}
 * @param skip {@code [E]}
 * @param outProjection {@code [C, E]}
 */
public record MambaLayer(
        Parameter norm,
        Parameter inProjection,
        Parameter convWeight,
        Parameter convBias,
        Parameter xProjection,
        Parameter dtProjection,
        Parameter dtBias,
        Parameter aLog,
        Parameter skip,
        Parameter outProjection) {
    /** Checks the shapes against each other. */
    public MambaLayer {
        int channels = norm.extent(0);
        int inner = aLog.extent(0);
        inProjection.require("in_proj.weight", 2 * inner, channels);
        convWeight.require("conv1d.weight", inner, 1, convWeight.extent(2));
        convBias.require("conv1d.bias", inner);
        dtProjection.require("dt_proj.weight", inner, dtProjection.extent(1));
        dtBias.require("dt_proj.bias", inner);
        xProjection.require("x_proj.weight", dtProjection.extent(1) + 2 * aLog.extent(1), inner);
        skip.require("D", inner);
        outProjection.require("out_proj.weight", channels, inner);
    }

    /**
     * Width of the sequence.
     *
     * @return C
     */
    public int channels() {
        return norm.extent(0);
    }

    /**
     * Inner channels.
     *
     * @return E
     */
    public int inner() {
        return aLog.extent(0);
    }

    /**
     * States per inner channel.
     *
     * @return N
     */
    public int states() {
        return aLog.extent(1);
    }

    /**
     * Rank of dt.
     *
     * @return R
     */
    public int rank() {
        return dtProjection.extent(1);
    }

    /**
     * Taps of the causal convolution.
     *
     * @return K
     */
    public int taps() {
        return convWeight.extent(2);
    }

    /**
     * Number of trained numbers.
     *
     * @return the sum over all parameters
     */
    public long parameters() {
        return norm.shape().elements()
                + inProjection.shape().elements()
                + convWeight.shape().elements()
                + convBias.shape().elements()
                + xProjection.shape().elements()
                + dtProjection.shape().elements()
                + dtBias.shape().elements()
                + aLog.shape().elements()
                + skip.shape().elements()
                + outProjection.shape().elements();
    }

    /**
     * Cost of one position in multiply-adds; a state update counts two, its exp nothing.
     *
     * @return multiply-adds
     */
    public long multiplyAddsPerPosition() {
        return inProjection.shape().elements()
                + convWeight.shape().elements()
                + xProjection.shape().elements()
                + dtProjection.shape().elements()
                + 2 * aLog.shape().elements()
                + outProjection.shape().elements();
    }
}
