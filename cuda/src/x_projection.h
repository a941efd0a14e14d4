/* The middle of a Mamba layer: causal convolution with SiLU, and x_proj, both directions in one launch. */
#pragma once

#include "packing.h"
#include "scan.h"

namespace earshot {

/* u as CausalConvolution has it, and W u for each direction. */
struct XProjection {
    CausalConvolution convolution; /* taps and weights as XProjectionWeights has them */
    std::int32_t columns;          /* of each direction, a multiple of 4 */
    Span<const float> range;       /* [2, E], what u is multiplied with to be a number of half precision */
    Span<const std::uint32_t> weights;
    Span<const float> scale; /* [2, columns] */
    Span<float> out;         /* [tokens, 2, columns] */
};

/* Whether there is a kernel for a layer of so many inner channels, taps and columns. */
bool has_x_projection(std::int32_t inner, std::int32_t taps, std::int32_t columns, Arithmetic arithmetic);

/* Taps that the kernel has; shorter filters get zeros in front. */
constexpr std::int32_t X_PROJECTION_TAPS = 4;

/* Tiles of 8 columns that weights are packed for where there are no more columns. */
constexpr int X_PROJECTION_FEW_TILES = 5;

/*
 * Packs one direction's matrix [columns, E], appending to what the other one left. `most` (E values) bounds |u| of each
 * channel.
 */
void pack_x_projection(const std::vector<float> &matrix, std::int32_t columns, std::int32_t inner,
                       const std::vector<float> &most, Arithmetic arithmetic, std::vector<std::uint32_t> &packed,
                       std::vector<float> &range, std::vector<float> &scale);

cudaError_t enqueue(const XProjection &projection, Arithmetic arithmetic, cudaStream_t stream);

} // namespace earshot
