/*
 * The dense block's 3x3 convolutions, dilated along time, by Winograd's algorithm (winograd.h).
 *
 * Dilated by d, the convolution is an ordinary one on every d-th frame, so a strip of patches is the frames t, t + d, t
 * + 2d and t + 3d out of those from t - d to t + 4d. All slices of the block that a convolution reads are transformed
 * (anew for each convolution: their dilations differ), their products are summed where they are, one sum over up to 256
 * inputs for each of the 36 numbers, and only that sum is transformed back. The weights stream from L3, 64 KB at a time
 * of which each serves all patches of a chunk. Per patch and slice of 64 channels: 147,456 multiply-adds, some 10,000
 * operations of transforms. Bound: multiply-add ports; the transforms wait for the planes, which lie beyond L2.
 */
#pragma once

#include "encoder_arguments.h"
#include "winograd.h"

namespace earshot::EARSHOT_ISA {

/* A thread's buffers. Made with a null base they only say how many floats they take. */
struct DilatedBuffers {
    Index matrix; /* floats */
    Index floats;
    float *v, *m; /* [slices, FREQUENCIES] and [FREQUENCIES] matrices */

    DilatedBuffers(const ConvolutionWeights &w, Index channels, Index bands, float *base)
        : matrix(winograd_matrix(bands, channels)), floats((w.slices + 1) * FREQUENCIES * matrix), v(base),
          m(base == nullptr ? nullptr : base + w.slices * FREQUENCIES * matrix) {}
};

inline Index dilated_scratch(const ConvolutionWeights &w, Index channels, Index bands) {
    return DilatedBuffers(w, channels, bands, nullptr).floats;
}

inline void dilated_strips(const ConvolutionWeights &w, const Planes &planes, Index channels, Index from, Index to,
                           float *output, Index row, Index row_step, float *scratch) {
    const DilatedBuffers buffers(w, channels, planes.bands, scratch);
    const Index step = padded(channels);
    const Index patches = patches_of(planes.bands);
    const Index plane_row = planes.row * step;
    for (Index s = 0; s < w.slices; ++s) {
        const float *plane = planes.slice[w.slices - 1 - s] + (planes.margin - 1) * step;
        for (Index strip = from; strip < to; ++strip) {
            const float *rows[WINDOW];
            for (Index i = 0; i < WINDOW; ++i) {
                const Index t = strip_frame(strip, planes.frames, w.dilation) + (i - 1) * w.dilation;
                rows[i] = t < 0 || t >= planes.frames ? planes.outside : plane + t * plane_row;
            }
            winograd_enter(rows, patches, step,
                           buffers.v + s * FREQUENCIES * buffers.matrix + (strip - from) * patches * step,
                           buffers.matrix);
        }
    }
    for (Index k = 0; k < FREQUENCIES; ++k) {
        Tap taps[MOST_TAPS];
        for (Index s = 0; s < w.slices; ++s) {
            taps[s] = {buffers.v + (s * FREQUENCIES + k) * buffers.matrix, (k * w.slices + s) * channels};
        }
        product(taps, w.slices, step, channels, w.weight, FREQUENCIES * w.slices * channels, step, w.zeros,
                (to - from) * patches, {buffers.m + k * buffers.matrix, step, nullptr, 0, step});
    }
    for (Index strip = from; strip < to; ++strip) {
        WinogradTarget target = {{}, planes.bands, row_step, row_step < step ? channels : step, w.bias, false};
        for (Index i = 0; i < PATCH; ++i) {
            const Index t = strip_frame(strip, planes.frames, w.dilation) + i * w.dilation;
            target.rows[i] = t < planes.frames ? output + t * row : nullptr;
        }
        winograd_leave(buffers.m + (strip - from) * patches * step, buffers.matrix, step, target);
    }
}

} // namespace earshot::EARSHOT_ISA
