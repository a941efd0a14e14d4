/*
 * A 3x3 convolution, padded by 1, of [T, F, I] to [T, F, O].
 *
 * Three rows of input are kept with a margin of zeros at both ends. Three cells of the kernel that lie side
 * by side read 3 I numbers that lie side by side as well, so a row of output is one product (gemm.h) with three addends
 * of depth 3 I, whose rows are I apart; rows beyond the clip's ends are left out. Weights stream from L2 once for every
 * six positions (147 KB for 64 to 64 channels). Bound: multiply-add ports. Where there are enough channels, winograd.h
 * takes half the time; a single one has single_channel.h.
 */
#pragma once

#include "product_arguments.h"
#include "single_channel.h"
#include "winograd.h"

namespace earshot::EARSHOT_ISA {

/* Floats of a row of input with its margins. */
inline Index margined_row(Index inputs, Index bands) {
    return (bands + 2) * inputs;
}

inline Index convolution_scratch(const Convolution3x3 &weights, Index bands) {
    return weights.winograd ? winograd_scratch(weights, bands) : 4 * margined_row(weights.inputs, bands);
}

inline void convolution_rows(const Convolution3x3 &w, const ConvolutionRun &run, Index from, Index to, float *scratch) {
    if (w.winograd) {
        winograd_rows(w, run, from, to, scratch);
        return;
    }
    const Index step = w.inputs;
    const Index row = margined_row(w.inputs, run.bands);
    const auto ring = [&](Index t) { return scratch + (t + 3) % 3 * row; };
    float *const outside = scratch + 3 * row; /* a row beyond the clip's ends */
    for (Index i = 0; i < row; ++i) {
        outside[i] = 0.0F;
    }
    const auto fill = [&](Index t) {
        float *start = ring(t);
        std::memcpy(start + step, run.x + t * run.bands * step,
                    static_cast<std::size_t>(run.bands * step) * sizeof(float));
        for (Index i = 0; i < step; ++i) {
            start[i] = 0.0F;
            start[(run.bands + 1) * step + i] = 0.0F;
        }
    };
    for (Index t = from > 0 ? from - 1 : 0; t < from + 1; ++t) {
        fill(t);
    }
    const Index columns = run.step < padded(w.outputs) ? w.outputs : padded(w.outputs);
    for (Index t = from; t < to; ++t) {
        if (t + 1 < run.frames) {
            fill(t + 1);
        }
        float *z = run.z + (t - run.first) * run.row;
        if (w.inputs == 1) {
            single_channel_row(w, {{t > 0 ? ring(t - 1) : outside, ring(t), t + 1 < run.frames ? ring(t + 1) : outside},
                                   run.bands,
                                   z,
                                   run.step,
                                   columns,
                                   run.relu});
            continue;
        }
        Tap taps[3];
        Index count = 0;
        for (Index i = 0; i < 3; ++i) {
            if (t + i >= 1 && t + i <= run.frames) {
                taps[count++] = {ring(t + i - 1), i * 3 * step};
            }
        }
        product(taps, count, step, 3 * step, w.weight, 9 * step, padded(w.outputs), w.bias, run.bands,
                {z, run.step, nullptr, 0, columns});
        if (run.relu) {
            for (Index f = 0; f < run.bands; ++f) {
                for (Index c = 0; c < columns; c += WIDTH) {
                    float *y = z + f * run.step + c;
                    store_at_most(y, max_of(set1(0.0F), load_at_most(y, columns - c)), columns - c);
                }
            }
        }
    }
}

inline void matrix_product(const ProductRun &run) {
    const Tap tap = {run.a, 0};
    product(&tap, 1, run.lda, run.depth, run.weight, run.depth, padded(run.columns), run.bias, run.rows,
            {run.c, run.ldc, run.r, run.ldr, run.columns});
}

} // namespace earshot::EARSHOT_ISA
