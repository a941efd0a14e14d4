/*
 * Resampling where the phases of the filter repeat soon: one phase of RESAMPLED_TOGETHER periods at once, a period in
 * each lane, out of the transposed window, whose row j holds input j of each period. Sums are those of
 * org.earshot.audio.PeriodicKernel, in its order and without fused multiply-adds, so that the bits are the same on
 * every machine and with every instruction set. Bound: of four taps, four products and four sums a vector. Two
 * phases are taken together, as the second looks at all but one or two of the first one's rows, which otherwise would
 * take as long to load.
 */
#pragma once

#include "resampling_arguments.h"
#include "vec.h"

namespace earshot::EARSHOT_ISA {

/* Vectors whose sums are formed side by side, of each of two phases. */
constexpr Index SUMS = 2;

/* Four taps of a phase. */
struct FourTaps {
    Vec a, b, c, d;

    EARSHOT_INLINE explicit FourTaps(const float *taps)
        : a(set1(taps[0])), b(set1(taps[1])), c(set1(taps[2])), d(set1(taps[3])) {}
    /* With the rows x[0] to x[3]. */
    EARSHOT_INLINE Vec sum(const Vec *x) const { return (a * x[0] + b * x[1]) + (c * x[2] + d * x[3]); }
};

/* Sums of `count` vectors of periods, of one phase. */
template <Index count>
EARSHOT_INLINE void filter_periods(const float *taps, Index tap_count, const float *rows, float *sums) {
    Vec y[count];
    for (Index v = 0; v < count; ++v) {
        y[v] = set1(0.0F);
    }
    for (Index tap = 0; tap < tap_count; tap += 4) {
        const FourTaps four(taps + tap);
        for (Index v = 0; v < count; ++v) {
            Vec x[4];
            for (Index i = 0; i < 4; ++i) {
                x[i] = load(rows + (tap + i) * RESAMPLED_TOGETHER + v * WIDTH);
            }
            y[v] = y[v] + four.sum(x);
        }
    }
    for (Index v = 0; v < count; ++v) {
        store(sums + v * WIDTH, y[v]);
    }
}

/* The same of two phases, the second of which begins `apart` rows after the first: they share all other rows. */
template <Index count, Index apart>
EARSHOT_INLINE void filter_two(const float *taps, const float *next_taps, Index tap_count, const float *rows,
                               float *sums, float *next_sums) {
    Vec y[count];
    Vec z[count];
    for (Index v = 0; v < count; ++v) {
        y[v] = z[v] = set1(0.0F);
    }
    for (Index tap = 0; tap < tap_count; tap += 4) {
        const FourTaps four(taps + tap);
        const FourTaps next(next_taps + tap);
        for (Index v = 0; v < count; ++v) {
            Vec x[4 + apart];
            for (Index i = 0; i < 4 + apart; ++i) {
                x[i] = load(rows + (tap + i) * RESAMPLED_TOGETHER + v * WIDTH);
            }
            y[v] = y[v] + four.sum(x);
            z[v] = z[v] + next.sum(x + apart);
        }
    }
    for (Index v = 0; v < count; ++v) {
        store(sums + v * WIDTH, y[v]);
        store(next_sums + v * WIDTH, z[v]);
    }
}

/* Column i + j of `count` <= RESAMPLED_TOGETHER periods, `inputs` apart, to row j. */
inline void transpose_periods(const float *window, Index inputs, Index count, Index wide, Index rows, float *to) {
    Index first = 0;
#if !defined(EARSHOT_VEC_BASELINE)
    for (; first + 8 <= count; first += 8) {
        const float *x = window + first * inputs;
        Index j = 0;
        for (; j + 8 <= rows; j += 8) {
            __m256 row[8];
            for (Index i = 0; i < 8; ++i) {
                row[i] = _mm256_loadu_ps(x + i * inputs + j);
            }
            __m256 pair[8];
            for (Index i = 0; i < 8; i += 2) {
                pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
                pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
            }
            __m256 four[8];
            for (Index i = 0; i < 8; i += 4) {
                four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
                four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xEE);
                four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
                four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
            }
            for (Index i = 0; i < 4; ++i) {
                float *at = to + (j + i) * RESAMPLED_TOGETHER + first;
                _mm256_storeu_ps(at, _mm256_permute2f128_ps(four[i], four[i + 4], 0x20));
                _mm256_storeu_ps(at + 4 * RESAMPLED_TOGETHER, _mm256_permute2f128_ps(four[i], four[i + 4], 0x31));
            }
        }
        for (; j < rows; ++j) {
            for (Index i = 0; i < 8; ++i) {
                to[j * RESAMPLED_TOGETHER + first + i] = x[i * inputs + j];
            }
        }
    }
#endif
    for (Index j = 0; j < rows && first < wide; ++j) {
        float *row = to + j * RESAMPLED_TOGETHER;
        for (Index i = first; i < wide; ++i) {
            row[i] = i < count ? window[i * inputs + j] : 0.0F;
        }
    }
}

/* Scratch: [rows, RESAMPLED_TOGETHER]. */
inline void resample(const Polyphase &p, float *scratch) {
    const Index outputs = p.outputs();
    const Index inputs = p.inputs();
    const Index phases = p.count < outputs ? p.count : outputs;
    const Index periods = p.periods();
    const Index first_input = p.input_at(p.first_output);
    for (Index first = 0; first < periods; first += RESAMPLED_TOGETHER) {
        const Index together = periods - first < RESAMPLED_TOGETHER ? periods - first : RESAMPLED_TOGETHER;
        const Index wide = padded(together);
        transpose_periods(p.window + first * inputs, inputs, together, wide, p.rows(), scratch);
        for (Index phase = 0; phase < phases;) {
            const Index n = p.first_output + phase;
            const float *taps = p.coefficients + n % p.up * p.taps;
            const float *next_taps = p.coefficients + (n + 1) % p.up * p.taps;
            const Index apart = p.input_at(n + 1) - p.input_at(n);
            const bool two = phase + 1 < phases && apart <= 2;
            const float *from = scratch + (p.input_at(n) - first_input) * RESAMPLED_TOGETHER;
            float sums[2][RESAMPLED_TOGETHER];
            Index done = 0;
            for (; two && done + SUMS * WIDTH <= wide; done += SUMS * WIDTH) {
                if (apart == 0) {
                    filter_two<SUMS, 0>(taps, next_taps, p.taps, from + done, sums[0] + done, sums[1] + done);
                } else if (apart == 1) {
                    filter_two<SUMS, 1>(taps, next_taps, p.taps, from + done, sums[0] + done, sums[1] + done);
                } else {
                    filter_two<SUMS, 2>(taps, next_taps, p.taps, from + done, sums[0] + done, sums[1] + done);
                }
            }
            for (; done < wide; done += WIDTH) {
                filter_periods<1>(taps, p.taps, from + done, sums[0] + done);
                if (two) {
                    filter_periods<1>(next_taps, p.taps, from + apart * RESAMPLED_TOGETHER + done, sums[1] + done);
                }
            }
            for (Index k = 0; k < (two ? 2 : 1); ++k, ++phase) {
                /* The last period's last outputs may not be wanted. */
                const Index wanted = (p.count - 1 - phase) / outputs - first + 1;
                float *to = p.output + first * outputs + phase;
                for (Index i = 0; i < together && i < wanted; ++i) {
                    to[i * outputs] = sums[k][i];
                }
            }
        }
    }
}

} // namespace earshot::EARSHOT_ISA
