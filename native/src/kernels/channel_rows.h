/*
 * What is done to rows [positions, channels] between the products: sums of bins, gates, pooling, depthwise convolution.
 * Each reads its rows once from the cache they were just written to, or from L3; bound: loads.
 */
#pragma once

#include "adaptive_bins.h"
#include "convolution3x3_arguments.h"
#include "vec.h"

namespace earshot::EARSHOT_ISA {

/* Adds G vectors of one row's bins of scale k to those of the k x k bins that contain the row: several at once, as each
 * is a chain of additions that wait for each other. */
template <Index G>
inline void squeeze_row(const SqueezeRun &run, Index t, Index k, Index c, float *sums) {
    const float *row = run.z + (t - run.first) * run.row + c;
    const Index left = run.channels - c;
    for (Index column = 0; column < k; ++column) {
        Vec totals[G];
#pragma GCC unroll 4
        for (Index i = 0; i < G; ++i) {
            totals[i] = set1(0.0F);
        }
        const Index end = bin_end(column, run.bands, k);
        for (Index f = bin_first(column, run.bands, k); f < end; ++f) {
#pragma GCC unroll 4
            for (Index i = 0; i < G; ++i) {
                totals[i] = totals[i] + load_at_most(row + f * run.channels + i * WIDTH, left - i * WIDTH);
            }
        }
        for (Index bin = t * k / run.frames; bin < k && bin_first(bin, run.frames, k) <= t; ++bin) {
            float *to = sums + (bin * k + column) * run.channels + c;
#pragma GCC unroll 4
            for (Index i = 0; i < G; ++i) {
                store_at_most(to + i * WIDTH, load_at_most(to + i * WIDTH, left - i * WIDTH) + totals[i],
                              left - i * WIDTH);
            }
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
            Index c = 0;
            for (; c + 4 * WIDTH <= run.channels; c += 4 * WIDTH) {
                squeeze_row<4>(run, t, k, c, scale);
            }
            for (; c < run.channels; c += WIDTH) {
                squeeze_row<1>(run, t, k, c, scale);
            }
            scale += k * k * run.channels;
        }
    }
}

inline void gate_row(float *row, Index positions, Index channels, const float *gate) {
    for (Index f = 0; f < positions; ++f) {
        for (Index c = 0; c < channels; c += WIDTH) {
            float *z = row + f * channels + c;
            const Vec gated = load_at_most(z, channels - c) * load_at_most(gate + c, channels - c);
            store_at_most(z, max_of(set1(0.0F), gated), channels - c);
        }
    }
}

inline void pool_row(const float *upper, const float *lower, Index step, Index positions, Index channels, float *to) {
    for (Index f = 0; f < positions; ++f) {
        for (Index c = 0; c < channels; c += WIDTH) {
            const Index left = channels - c;
            const Index at = 2 * f * step + c;
            const auto positive = [=](const float *z) { return max_of(set1(0.0F), load_at_most(z, left)); };
            const Vec total = (positive(upper + at) + positive(upper + at + step)) +
                              (positive(lower + at) + positive(lower + at + step));
            store_at_most(to + f * channels + c, total * set1(0.25F), left);
        }
    }
}

/* A vector of channels of a depthwise convolution, for POSITIONS positions from `f` on in both rows, which share what they
 * read: as many sums at once, as each is a chain of additions that wait for each other. */
template <Index POSITIONS>
EARSHOT_INLINE void depthwise_positions(const float *const (&x)[4], const Vec (&w)[9], Index step, Index f,
                                        float *upper, float *lower, Index to_step) {
    Vec sums[POSITIONS][2];
#pragma GCC unroll 2
    for (Index p = 0; p < POSITIONS; ++p) {
        sums[p][0] = sums[p][1] = set1(0.0F);
    }
#pragma GCC unroll 4
    for (Index column = 0; column < POSITIONS + 2; ++column) {
        const Index at = (f + column) * step;
        const Vec rows[] = {load(x[0] + at), load(x[1] + at), load(x[2] + at), load(x[3] + at)};
#pragma GCC unroll 2
        for (Index p = 0; p < POSITIONS; ++p) {
            const Index j = column - p;
            if (j < 0 || j > 2) {
                continue;
            }
#pragma GCC unroll 3
            for (Index i = 0; i < 3; ++i) {
                sums[p][0] = fma(rows[i], w[3 * i + j], sums[p][0]);
                sums[p][1] = fma(rows[i + 1], w[3 * i + j], sums[p][1]);
            }
        }
    }
#pragma GCC unroll 2
    for (Index p = 0; p < POSITIONS; ++p) {
        store(upper + (f + p) * to_step, sums[p][0]);
        store(lower + (f + p) * to_step, sums[p][1]);
    }
}

/* A few positions after the other, so that all channels of a position are read while they are in L1, which four rows are
 * too long for. */
inline void depthwise_rows(const DepthwiseRun &run) {
    constexpr Index BLOCK = 8;
    const Index positions = run.positions;
    const Index step = run.step;
    const Index to_step = run.to_step;
    for (Index start = 0; start < positions; start += BLOCK) {
        const Index end = start + BLOCK < positions ? start + BLOCK : positions;
        for (Index c = 0; c < step; c += WIDTH) {
            Vec w[9];
#pragma GCC unroll 9
            for (Index i = 0; i < 9; ++i) {
                w[i] = load(run.weight + i * step + c);
            }
            const float *const x[] = {run.rows[0] + c, run.rows[1] + c, run.rows[2] + c, run.rows[3] + c};
            float *upper = run.to + c;
            float *lower = upper + positions * to_step;
            Index f = start;
            for (; f + 2 <= end; f += 2) {
                depthwise_positions<2>(x, w, step, f, upper, lower, to_step);
            }
            if (f < end) {
                depthwise_positions<1>(x, w, step, f, upper, lower, to_step);
            }
        }
    }
    for (Index row = 0; row < 2; ++row) {
        for (Index f = 0; f < run.positions; ++f) {
            float *to = run.to + (row * run.positions + f) * run.to_step + run.step;
            for (Index c = 0; c < run.count; c += WIDTH) {
                store_at_most(to + c, load_at_most(run.beside[row] + f * run.count + c, run.count - c), run.count - c);
            }
        }
    }
}

} // namespace earshot::EARSHOT_ISA
