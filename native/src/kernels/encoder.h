/*
 * The dense encoder's kernels: direct convolutions over planes of channels, and instance norm. The block's 3x3
 * convolutions have kernels of their own (dilated_winograd.h).
 *
 * A convolution's row of output is one product (gemm.h) whose taps are the kernel's cells in each slice of the dense
 * block: positions along the bands are the product's rows, so nothing is gathered or copied, padding in the bands is a
 * margin of zeros in the planes, padding in time leaves taps out, and the stride is the distance of the rows. Weights
 * stream from L2 (590 KB for 4 slices of 64 channels), once for every six positions. Bound: multiply-add ports.
 *
 * A row's statistics are taken in two passes right after it was computed, in L1, and are combined in double precision
 * in the order of the rows: they depend neither on the number of threads nor on cancellation. Norm and PReLU are
 * applied in one pass over the finished plane, in L3, which was measured to be 1 to 2 % of the encoder.
 */
#pragma once

#include "encoder_arguments.h"
#include "gemm.h"

namespace earshot::EARSHOT_ISA {

EARSHOT_INLINE Vec normalized(Vec y, Vec mean, Vec gain, Vec shift, Vec slope) {
    const Vec n = fma(y - mean, gain, shift);
    return where_positive(n, n, n * slope);
}

inline void encoder_first(const float *x, Index bands, float mean, const float *gain, const float *shift,
                          const float *slope, float *row, Index width_padded) {
    for (Index c = 0; c < width_padded; c += WIDTH) {
        const Vec g = load(gain + c);
        const Vec s = load(shift + c);
        const Vec p = load(slope + c);
        for (Index f = 0; f < bands; ++f) {
            store(row + f * width_padded + c, normalized(set1(x[f]), set1(mean), g, s, p));
        }
    }
}

inline void convolution_row(const ConvolutionWeights &w, const Planes &planes, Index channels, Index t, Index positions,
                            float *row, Index row_step) {
    const Index columns = padded(channels);
    Tap taps[MOST_TAPS];
    Index count = 0;
    for (Index s = 0; s < w.slices; ++s) {
        const float *plane = planes.slice[w.slices - 1 - s];
        for (Index i = 0; i < w.kernel_time; ++i) {
            const Index from = t + i * w.dilation - w.padding_time;
            if (from < 0 || from >= planes.frames) {
                continue;
            }
            for (Index j = 0; j < w.kernel_bands; ++j) {
                taps[count++] = {plane + from * planes.row + (j + planes.margin - w.padding_bands) * columns,
                                 ((s * w.kernel_time + i) * w.kernel_bands + j) * channels};
            }
        }
    }
    const Index depth = w.slices * w.kernel_time * w.kernel_bands * channels;
    product(taps, count, w.stride * columns, channels, w.weight, depth, columns, w.bias, positions,
            {row, row_step, nullptr, 0, row_step < columns ? channels : columns});
}

inline void row_statistics(const float *row, Index positions, Index row_step, Index channels, float *mean,
                           float *deviation) {
    const float per_position = 1.0F / static_cast<float>(positions);
    for (Index c = 0; c < channels; c += WIDTH) {
        Vec total = set1(0.0F);
        for (Index f = 0; f < positions; ++f) {
            total = total + load_at_most(row + f * row_step + c, channels - c);
        }
        const Vec m = total * set1(per_position);
        Vec squares = set1(0.0F);
        for (Index f = 0; f < positions; ++f) {
            const Vec d = load_at_most(row + f * row_step + c, channels - c) - m;
            squares = fma(d, d, squares);
        }
        store(mean + c, m);
        store(deviation + c, squares);
    }
}

inline void normalize_row(float *row, Index positions, Index row_step, Index channels, const float *mean,
                          const float *gain, const float *shift, const float *slope) {
    for (Index f = 0; f < positions; ++f) {
        for (Index c = 0; c < channels; c += WIDTH) {
            float *y = row + f * row_step + c;
            const Vec v = normalized(load_at_most(y, channels - c), load(mean + c), load(gain + c), load(shift + c),
                                     load(slope + c));
            store_at_most(y, v, channels - c);
        }
    }
}

} // namespace earshot::EARSHOT_ISA
