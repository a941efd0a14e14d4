/*
 * The dense block's 3x3 convolutions, dilated along time, by Winograd's algorithm (winograd.h).
 *
 * Dilated by d, the convolution is an ordinary one on every d-th frame, so a strip of patches is the frames t, t + d
 * to t + 5d out of those from t - d to t + 6d. All slices of the block that a convolution reads are transformed
 * (anew for each convolution: their dilations differ), their products are summed where they are, one sum over up to 256
 * inputs for each of the 48 numbers, and only that sum is transformed back. The weights stream from L3, 64 KB at a time
 * of which each serves all patches of a chunk. Per patch and slice of 64 channels: 196,608 multiply-adds, some 14,000
 * operations of transforms. Bound: multiply-add ports; the transforms wait for the planes, which lie beyond L2.
 */
#pragma once

#include "encoder_arguments.h"
#include "winograd.h"

namespace earshot::EARSHOT_ISA {

inline Index dilated_scratch(const ConvolutionWeights &w, Index channels, Index bands) {
    return WinogradBuffers(bands, channels, channels, w.slices, nullptr).floats;
}

inline void dilated_strips(const ConvolutionWeights &w, const Planes &planes, Index channels, Index from, Index to,
                           float *output, Index row, Index row_step, float *scratch) {
    const WinogradBuffers buffers(planes.bands, channels, channels, w.slices, scratch);
    const Index step = padded(channels);
    winograd_margins(buffers, planes.bands, step, w.slices);
    for (Index s = 0; s < w.slices; ++s) {
        const float *plane = planes.slice[w.slices - 1 - s] + planes.margin * step;
        for (Index strip = from; strip < to; ++strip) {
            WinogradSource source = {{}, planes.bands, step};
            for (Index i = 0; i < WINDOW_FRAMES; ++i) {
                const Index t = strip_frame(strip, planes.frames, w.dilation) + (i - 1) * w.dilation;
                source.rows[i] = t < 0 || t >= planes.frames ? planes.outside : plane + t * planes.row;
            }
            winograd_enter(source,
                           buffers.x + s * WINDOW_FRAMES * buffers.x_matrix + (strip - from) * buffers.positions * step,
                           buffers.x_matrix);
        }
    }
    Tap taps[MOST_TAPS];
    winograd_products(buffers, to - from, planes.bands, channels, channels, w.slices, w.weight, w.zeros, taps);
    for (Index strip = from; strip < to; ++strip) {
        WinogradTarget target = {{}, planes.bands, row_step, row_step < step ? channels : step, w.bias, false};
        for (Index i = 0; i < PATCH_FRAMES; ++i) {
            const Index t = strip_frame(strip, planes.frames, w.dilation) + i * w.dilation;
            target.rows[i] = t < planes.frames ? output + t * row : nullptr;
        }
        winograd_leave(buffers.y + (strip - from) * patches_of(planes.bands) * PATCH_BANDS * step, buffers.y_matrix,
                       step, target);
    }
}

} // namespace earshot::EARSHOT_ISA
