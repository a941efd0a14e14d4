/* What the kernels of the dense encoder are called with. */
#pragma once

#include "index.h"

namespace earshot {

/* Taps (slices times kernel size) that a convolution may have. */
constexpr Index MOST_TAPS = 1024;

/* Prepared weights of one convolution with its norm and PReLU. */
struct ConvolutionWeights {
    Index slices; /* of C input channels each, newest first */
    Index kernel_time, kernel_bands, padding_time, padding_bands, dilation, stride;
    const float *weight; /* panels: [slices, kernel_time, kernel_bands] cells of C steps, P(C) columns */
    const float *bias, *scale, *shift, *slope; /* [P(C)] */
};

/* The encoder's planes of operands: [frames, margin + bands + margin, P(C)], the margins zero. */
struct Planes {
    float *const *slice; /* oldest first: the first convolution's output, then the block's */
    Index frames, bands, margin;
};

} // namespace earshot
