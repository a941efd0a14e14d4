/* What stands behind the convolution of a residual separable block, in one kernel. */
#pragma once

#include "device.h"

namespace earshot {

/*
 * out = mean of 2 x 2 of relu(join [depthwise(relu(plane)); x] + bias), an odd last frame or band left out. Depthwise
 * 3x3, padded by 1. The part of x is the shortcut: rows of `join` where it projects, x itself where it is the identity.
 * Rows of weights are filled up with zeros to a multiple of 4.
 */
struct Separable {
    std::int64_t batch;
    std::int32_t frames;
    std::int32_t bands;
    std::int32_t channels; /* O */
    std::int32_t inputs;   /* I */
    bool projects;
    Span<const float> plane;     /* [B, T, F, O]: the convolution; or empty, where x has one channel */
    Span<const float> taps;      /* [9, O]: the convolution of one channel */
    Span<const float> tap_bias;  /* [O]: its bias */
    Span<const float> depthwise; /* [9, O] */
    Span<const float> join;      /* [O, O], input first, and where the shortcut projects [I, O] behind it */
    Span<const float> bias;      /* [O] */
    Span<const float> x;         /* [B, T, F, I] */
    Span<float> out;             /* [B, T / 2, F / 2, O] */
};

cudaError_t enqueue(const Separable &separable, std::int32_t multiprocessors, cudaStream_t stream);

} // namespace earshot
