/*
 * Resampling where the phases of the filter repeat soon: one phase of RESAMPLED_TOGETHER periods at once, a period in
 * each lane, out of the transposed window, whose row j holds input j of each period. Sums are those of
 * org.earshot.audio.PeriodicKernel, in its order and without fused multiply-adds, so that the bits are the same on
 * every machine and with every instruction set. Bound: of four taps, four loads, four products and four sums a vector;
 * the rows that a phase looks at fill the nearest cache, and the next phase looks at all but one or two of them.
 */
#pragma once

#include "resampling_arguments.h"
#include "vec.h"

namespace earshot::EARSHOT_ISA {

/* Vectors whose sums are formed side by side. */
#if defined(EARSHOT_VEC_BASELINE)
constexpr Index SUMS = 4;
#else
constexpr Index SUMS = RESAMPLED_TOGETHER / WIDTH;
#endif

/* Sums of `count` vectors of periods. */
template <Index count>
EARSHOT_INLINE void filter_periods(const float *taps, Index tap_count, const float *rows, float *sums) {
    Vec y[count];
    for (Index v = 0; v < count; ++v) {
        y[v] = set1(0.0F);
    }
    for (Index tap = 0; tap < tap_count; tap += 4) {
        const Vec a = set1(taps[tap]);
        const Vec b = set1(taps[tap + 1]);
        const Vec c = set1(taps[tap + 2]);
        const Vec d = set1(taps[tap + 3]);
        const float *x = rows + tap * RESAMPLED_TOGETHER;
        for (Index v = 0; v < count; ++v, x += WIDTH) {
            y[v] = y[v] + ((a * load(x) + b * load(x + RESAMPLED_TOGETHER)) +
                           (c * load(x + 2 * RESAMPLED_TOGETHER) + d * load(x + 3 * RESAMPLED_TOGETHER)));
        }
    }
    for (Index v = 0; v < count; ++v) {
        store(sums + v * WIDTH, y[v]);
    }
}

/* Scratch: [rows, RESAMPLED_TOGETHER]. */
inline void resample(const Polyphase &p, float *scratch) {
    const Index outputs = p.outputs();
    const Index inputs = p.inputs();
    const Index phases = p.count < outputs ? p.count : outputs;
    const Index periods = p.periods();
    const Index rows = p.rows();
    const Index first_input = p.input_at(p.first_output);
    for (Index first = 0; first < periods; first += RESAMPLED_TOGETHER) {
        const Index together = periods - first < RESAMPLED_TOGETHER ? periods - first : RESAMPLED_TOGETHER;
        const Index wide = padded(together);
        for (Index j = 0; j < rows; ++j) {
            float *row = scratch + j * RESAMPLED_TOGETHER;
            const float *x = p.window + first * inputs + j;
            for (Index i = 0; i < together; ++i) {
                row[i] = x[i * inputs];
            }
            for (Index i = together; i < wide; ++i) {
                row[i] = 0.0F;
            }
        }
        for (Index phase = 0; phase < phases; ++phase) {
            const Index n = p.first_output + phase;
            const float *taps = p.coefficients + n % p.up * p.taps;
            const float *from = scratch + (p.input_at(n) - first_input) * RESAMPLED_TOGETHER;
            float sums[RESAMPLED_TOGETHER];
            Index done = 0;
            for (; done + SUMS * WIDTH <= wide; done += SUMS * WIDTH) {
                filter_periods<SUMS>(taps, p.taps, from + done, sums + done);
            }
            for (; done < wide; done += WIDTH) {
                filter_periods<1>(taps, p.taps, from + done, sums + done);
            }
            float *to = p.output + first * outputs + phase;
            /* The last period's last outputs may not be wanted. */
            const Index wanted = (p.count - 1 - phase) / outputs - first + 1;
            for (Index i = 0; i < together && i < wanted; ++i) {
                to[i * outputs] = sums[i];
            }
        }
    }
}

} // namespace earshot::EARSHOT_ISA
