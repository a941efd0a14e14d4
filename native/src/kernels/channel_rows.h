/*
 * What is done to rows [positions, channels] between the products: sums of bins, gates, pooling, depthwise convolution.
 * Each reads its rows once from the cache they were just written to, or from L3; bound: loads.
 */
#pragma once

#include "adaptive_bins.h"
#include "vec.h"

namespace earshot::EARSHOT_ISA {

/* Adds one row's bins of scale k to those of the k x k bins that contain the row. */
inline void squeeze_row(const SqueezeRun &run, Index t, Index k, Index c, float *sums) {
    const float *row = run.z + t * run.bands * run.channels + c;
    const Index left = run.channels - c;
    for (Index column = 0; column < k; ++column) {
        Vec total = set1(0.0F);
        const Index end = bin_end(column, run.bands, k);
        for (Index f = bin_first(column, run.bands, k); f < end; ++f) {
            total = total + load_at_most(row + f * run.channels, left);
        }
        for (Index i = t * k / run.frames; i < k && bin_first(i, run.frames, k) <= t; ++i) {
            float *to = sums + (i * k + column) * run.channels + c;
            store_at_most(to, load_at_most(to, left) + total, left);
        }
    }
}

/* All scales of a row while it is in L1. */
inline void squeeze_rows(const SqueezeRun &run, Index from, Index to, float *sums) {
    Index bins = 0;
    for (Index s = 0; s < run.count; ++s) {
        bins += Index{run.scales[s]} * run.scales[s];
    }
    for (Index i = 0; i < bins * run.channels; ++i) {
        sums[i] = 0.0F;
    }
    for (Index t = from; t < to; ++t) {
        float *scale = sums;
        for (Index s = 0; s < run.count; ++s) {
            const Index k = run.scales[s];
            for (Index c = 0; c < run.channels; c += WIDTH) {
                squeeze_row(run, t, k, c, scale);
            }
            scale += k * k * run.channels;
        }
    }
}

EARSHOT_INLINE Vec gated(const float *z, Index left, Vec gate) {
    return max_of(set1(0.0F), load_at_most(z, left) * gate);
}

inline void gate_row(float *row, Index positions, Index channels, const float *gate) {
    for (Index f = 0; f < positions; ++f) {
        for (Index c = 0; c < channels; c += WIDTH) {
            float *z = row + f * channels + c;
            store_at_most(z, gated(z, channels - c, load_at_most(gate + c, channels - c)), channels - c);
        }
    }
}

inline void gate_pool_row(const float *upper, const float *lower, Index step, Index positions, Index channels,
                          const float *gate, float *to) {
    for (Index f = 0; f < positions; ++f) {
        for (Index c = 0; c < channels; c += WIDTH) {
            const Index left = channels - c;
            const Vec g = load_at_most(gate + c, left);
            const Index at = 2 * f * step + c;
            const Vec total = (gated(upper + at, left, g) + gated(upper + at + step, left, g)) +
                              (gated(lower + at, left, g) + gated(lower + at + step, left, g));
            store_at_most(to + f * channels + c, total * set1(0.25F), left);
        }
    }
}

inline void depthwise_row(const float *const *rows, Index positions, Index step, const float *weight, float *to) {
    for (Index c = 0; c < step; c += WIDTH) {
        Vec w[9];
        for (Index i = 0; i < 9; ++i) {
            w[i] = load(weight + i * step + c);
        }
        for (Index f = 0; f < positions; ++f) {
            Vec parts[3];
            for (Index i = 0; i < 3; ++i) {
                const float *x = rows[i] + f * step + c;
                parts[i] = fma(load(x + 2 * step), w[3 * i + 2], fma(load(x + step), w[3 * i + 1], load(x) * w[3 * i]));
            }
            store(to + f * step + c, parts[0] + parts[1] + parts[2]);
        }
    }
}

} // namespace earshot::EARSHOT_ISA
