/*
 * The sequence part of a bidirectional Mamba layer: causal depthwise convolution with SiLU, and the selective scan.
 * Both directions in one launch; direction 1 runs over the tokens from the last to the first, by addressing.
 */
#pragma once

#include "sequences.h"

namespace earshot {

/*
 * u[t] = SiLU(bias + sum over k of weight[k] x[t - taps + 1 + k]), zeros before the first token (of the direction).
 * x: [tokens, 2, 2 E], of which the first E values of each direction are read; u: [tokens, 2, E].
 */
struct CausalConvolution {
    Sequences sequences;
    std::int32_t inner; /* E */
    std::int32_t taps;  /* 1 to 8 */
    Span<const float> x;
    Span<const float> weight; /* [2, taps, E] */
    Span<const float> bias;   /* [2, E] */
    Span<float> u;
};

/*
 * delta = softplus(dt_weight dt + dt_bias); h = exp2(delta a) h + delta u B; y = (C h + d u) SiLU(z).
 * A row of x_projection holds dt (R values), B and C (N values each): [tokens, 2, dt_width + 2 state_width]. The widths
 * are R and N rounded up to multiples of 4; what they add must be zeros, in every row. N is at most 256.
 */
struct SelectiveScan {
    Sequences sequences;
    std::int32_t inner;  /* E */
    std::int32_t states; /* N */
    std::int32_t rank;   /* R */
    std::int32_t dt_width;
    std::int32_t state_width;
    Span<const float> z; /* E values from (2 token + direction) z_step E on */
    std::int32_t z_step; /* 1, or 2 where as many others lie between them */
    bool gated;          /* whether SiLU(z) stands in z's place */
    Span<const float> u; /* [tokens, 2, E] */
    Span<const float> x_projection;
    Span<const float> dt_weight; /* [2, R, E] */
    Span<const float> dt_bias;   /* [2, E] */
    Span<const float> a;         /* [2, N, E], -exp(A_log) log2(e) */
    Span<const float> d;         /* [2, E] */
    Span<float> y;               /* [tokens, 2, E] */
    Span<float> carry;           /* scratch of scan_scratch() floats; nobody else's until the scan has run */
    /* In place of u and z, where scan_takes_pairs(): u and SiLU(z) as words of two bfloat16, [tokens, 2, E / 2]. */
    Span<const std::uint32_t> u_pairs;
    Span<const std::uint32_t> gate_pairs;
    Span<std::uint32_t> y_pairs; /* likewise, in place of y, or empty */
};

/* Number of floats that SelectiveScan::carry needs on a device of that many multiprocessors; 0 for most. */
std::int64_t scan_scratch(const Sequences &sequences, std::int32_t inner, std::int32_t states, int multiprocessors);

/* Whether there is a kernel for u_pairs and gate_pairs. */
bool scan_takes_pairs(std::int32_t inner, std::int32_t states, std::int32_t rank);

/* Both return cudaErrorInvalidValue, and enqueue nothing, for sizes outside those above or more than 8 taps. */
cudaError_t enqueue(const CausalConvolution &convolution, cudaStream_t stream);
cudaError_t enqueue(const SelectiveScan &scan, int multiprocessors, cudaStream_t stream);

} // namespace earshot
