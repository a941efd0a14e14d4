/* The front of a Mamba path in one kernel: norm, in_proj, causal convolution with SiLU, x_proj; both directions. */
#pragma once

#include "packing.h"
#include "token_norm.h"

namespace earshot {

/* How the tokens of a clip make its sequences: sequence s has its token t at s * sequence_step + t * step. */
struct ClipSequences {
    std::int32_t length;
    std::int32_t step;
    std::int32_t sequence_step;
};

/* What one layer needs: each direction's part behind the other's. */
struct MambaFrontWeights {
    std::vector<std::uint32_t> in_projection; /* for x, then for z */
    std::vector<std::uint32_t> x_projection;
    std::vector<float> convolution; /* [2, 4, E], with what in_proj's sums must be multiplied with */
    std::vector<float> bias;        /* [2, E], of the convolution */
    std::vector<float> range;       /* [2, E], what u is multiplied with to be a number of half precision */
    std::vector<float> gate_scale;  /* [2, E], what in_proj's sums must be multiplied with */
    std::vector<float> scale;       /* [2, columns], what x_proj's sums must be multiplied with */
};

/*
 * h = norm(x) as TokenNorm has it, [x, z] = W (h rms(h)), u = SiLU(causal convolution of x), gate = SiLU(z),
 * [dt, B, C] = V u. What W multiplies has a mean square of at most 1.
 */
struct MambaFront {
    TokenNorm norm; /* without rms; h empty for EARSHOT_NORM_NONE */
    ClipSequences sequences;
    std::int32_t inner;   /* E */
    std::int32_t columns; /* of x_proj, a multiple of 4 */
    Span<const std::uint32_t> in_projection;
    Span<const std::uint32_t> x_projection;
    Span<const float> convolution;
    Span<const float> bias;
    Span<const float> range;
    Span<const float> gate_scale;
    Span<const float> scale;
    Span<float> u;    /* [tokens, 2, E] */
    Span<float> gate; /* [tokens, 2, E] */
    /* In place of these, if weights were packed for pairs: words of two bfloat16, [tokens, 2, E / 2]. */
    Span<std::uint32_t> u_pairs;
    Span<std::uint32_t> gate_pairs;
    Span<float> out; /* [tokens, 2, columns] */
};

/* Whether the kernel takes such a layer, and this device has room for its weights in a block's shared memory. */
bool has_mamba_front(std::int32_t channels, std::int32_t inner, std::int32_t taps, std::int32_t columns,
                     Arithmetic arithmetic);

/* Whether it can write u and gate as pairs. */
constexpr bool front_makes_pairs(std::int32_t inner, Arithmetic arithmetic) {
    return arithmetic == Arithmetic::BF16_PAIRS && inner % 8 == 0;
}

/*
 * Packs one direction, appending to what the other one left: in_proj [2 E, channels], the convolution's filters
 * [E, taps] and bias [E], x_proj [columns, E]. `most` (E values) bounds |u| of each channel.
 */
void pack_mamba_front(const std::vector<float> &in_projection, std::int32_t channels, const float *convolution,
                      std::int32_t taps, const float *bias, const std::vector<float> &x_projection,
                      std::int32_t columns, const std::vector<float> &most, Arithmetic arithmetic, bool pairs,
                      MambaFrontWeights &weights);

cudaError_t enqueue(const MambaFront &front, Arithmetic arithmetic, int multiprocessors, cudaStream_t stream);

} // namespace earshot
