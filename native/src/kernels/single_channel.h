/*
 * A 3x3 convolution of a single channel, with its ReLU: what the networks begin with.
 *
 * As a product (gemm.h) it would have three addends of depth 3, whose tiles begin and end more than they add up, and a
 * pass for the ReLU behind it. Here a vector of output channels keeps its nine weights in registers for eight positions,
 * four sums at a time. Per vector and position: 9 multiply-adds with as many broadcasts out of L1. Bound: both.
 */
#pragma once

#include "convolution3x3_arguments.h"
#include "gemm.h"

namespace earshot::EARSHOT_ISA {

/* A row of output, and the three rows [1 + bands + 1] that it comes from. */
struct SingleChannelRow {
    const float *rows[3];
    Index bands;
    float *z;
    Index step, columns;
    bool relu;
};

/* A vector of output channels, with their weights. */
struct SingleChannelWeights {
    Vec cells[9];
    Vec bias, least;
};

/* POSITIONS of them at once, as each sum is a chain of additions that wait for each other. */
template <Index POSITIONS>
EARSHOT_INLINE void single_channel_positions(const SingleChannelWeights &w, const SingleChannelRow &row, Index f,
                                             Index c) {
    Vec sums[POSITIONS];
#pragma GCC unroll 4
    for (Index p = 0; p < POSITIONS; ++p) {
        sums[p] = w.bias;
    }
#pragma GCC unroll 3
    for (Index i = 0; i < 3; ++i) {
#pragma GCC unroll 3
        for (Index j = 0; j < 3; ++j) {
#pragma GCC unroll 4
            for (Index p = 0; p < POSITIONS; ++p) {
                sums[p] = fma(set1(row.rows[i][f + p + j]), w.cells[3 * i + j], sums[p]);
            }
        }
    }
#pragma GCC unroll 4
    for (Index p = 0; p < POSITIONS; ++p) {
        store_at_most(row.z + (f + p) * row.step + c, max_of(w.least, sums[p]), row.columns - c);
    }
}

inline void single_channel_row(const Convolution3x3 &w, const SingleChannelRow &row) {
    constexpr Index TOGETHER = 4;
    constexpr Index BLOCK = 2 * TOGETHER; /* a position's channels stay in L1 until all of them are written */
    const Index vectors = padded(w.outputs) / WIDTH;
    for (Index start = 0; start < row.bands; start += BLOCK) {
        const Index end = start + BLOCK < row.bands ? start + BLOCK : row.bands;
        for (Index v = 0; v < vectors; ++v) {
            /* The vector's place in its panel. */
            const Index first = v / PANEL * PANEL;
            const Index panel = (vectors - first < PANEL ? vectors - first : PANEL) * WIDTH;
            const float *packed = w.weight + 9 * first * WIDTH + (v - first) * WIDTH;
            SingleChannelWeights weights;
#pragma GCC unroll 9
            for (Index k = 0; k < 9; ++k) {
                weights.cells[k] = load(packed + k * panel);
            }
            weights.bias = load(w.bias + v * WIDTH);
            weights.least = set1(row.relu ? 0.0F : -__builtin_inff());
            Index f = start;
            for (; f + TOGETHER <= end; f += TOGETHER) {
                single_channel_positions<TOGETHER>(weights, row, f, v * WIDTH);
            }
            for (; f < end; ++f) {
                single_channel_positions<1>(weights, row, f, v * WIDTH);
            }
        }
    }
}

} // namespace earshot::EARSHOT_ISA
