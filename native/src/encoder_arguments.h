/* What the kernels of the dense encoder are called with. */
#pragma once

#include "convolution3x3_arguments.h"

namespace earshot {

/* Taps (slices times kernel size) that a convolution may have. */
constexpr Index MOST_TAPS = 1024;

/* Prepared weights of one convolution with its norm and PReLU. */
struct ConvolutionWeights {
    Index slices; /* of C input channels each, newest first */
    Index kernel_time, kernel_bands, padding_time, padding_bands, dilation, stride;
    bool winograd;       /* 3x3, padded so that as many frames and bands come out */
    const float *weight; /* panels of C steps, P(C) columns: [slices, kernel_time, kernel_bands] cells, or
                            [FREQUENCIES, slices] */
    const float *bias, *scale, *shift, *slope; /* [P(C)] */
    const float *zeros;                        /* [P(C)] */
};

/* The encoder's planes: a frame every `row` floats of positions [P(C)], zero but for the bands from `margin` on. */
struct Planes {
    float *const *slice; /* oldest first: the first convolution's output, then the block's */
    Index frames, bands, margin, row;
    const float *outside; /* [row] zeros: a frame before the first and behind the last */
};

/* Winograd's algorithm computes PATCH_FRAMES frames `dilation` apart together: a strip. Strips that follow each other along a
 * phase of the dilation share frames that they read; the last ones of a phase may lie beyond the clip. */
inline Index strips_of_phase(Index frames, Index dilation) {
    return (frames + PATCH_FRAMES * dilation - 1) / (PATCH_FRAMES * dilation);
}
/* A clip shorter than the dilation has no more phases than frames. */
inline Index strips_of(Index frames, Index dilation) {
    return strips_of_phase(frames, dilation) * (dilation < frames ? dilation : frames);
}
inline Index strip_frame(Index strip, Index frames, Index dilation) {
    const Index of_phase = strips_of_phase(frames, dilation);
    return strip / of_phase + strip % of_phase * PATCH_FRAMES * dilation;
}

} // namespace earshot
