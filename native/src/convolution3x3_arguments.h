/* What the kernels of 3x3 convolutions are called with. */
#pragma once

#include "index.h"

namespace earshot {

/* Frames and bands of output that Winograd's algorithm computes together, those that it computes them from, and the
 * products that takes. */
constexpr Index PATCH_FRAMES = 6;
constexpr Index PATCH_BANDS = 4;
constexpr Index WINDOW_FRAMES = PATCH_FRAMES + 2;
constexpr Index WINDOW_BANDS = PATCH_BANDS + 2;
constexpr Index FREQUENCIES = WINDOW_FRAMES * WINDOW_BANDS;

/* A prepared convolution 3x3, padded by 1. */
struct Convolution3x3 {
    Index inputs, outputs;
    bool winograd;
    const float *weight; /* panels: [3, 3] cells, or FREQUENCIES, of I steps, P(O) columns */
    const float *bias;   /* [P(O)] */
    const float *zeros;  /* [P(O)] */
};

/* Where a convolution's rows come from and go to. */
struct ConvolutionRun {
    const float *x; /* [frames, bands, I] */
    Index frames, bands;
    float *z; /* row t at (t - first) * row, its positions `step` >= O floats apart */
    Index first, row, step;
    bool relu;
};

/* Two rows of a depthwise convolution 3x3 of four rows [positions + 2, step], without bias. */
struct DepthwiseRun {
    const float *rows[4];
    Index positions, step;
    const float *weight; /* [9, step] */
    float *to;           /* [2, positions, to_step] */
    Index to_step;
    const float *beside[2]; /* rows [positions, count] that go behind the `step` channels of each position */
    Index count;
};

} // namespace earshot
