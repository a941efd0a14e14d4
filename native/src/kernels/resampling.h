/*
 * Resampling where the phases of the filter repeat soon: one phase of RESAMPLED_TOGETHER periods at once, a period in
 * each lane, out of the transposed window, whose row j holds input j of each period. Sums are those of
 * org.earshot.audio.PeriodicKernel, in its order and without fused multiply-adds, so that the bits are the same on
 * every machine and with every instruction set. Bound: of four taps, four products and four sums a vector. Four
 * phases are taken together: each looks at all but one or two of the rows of the one before, which therefore stay in
 * registers; otherwise loading them would take longer than the sums. Rows begin where lines of the cache do.
 */
#pragma once

#include "resampling_arguments.h"
#include "vec.h"

namespace earshot::EARSHOT_ISA {

/* Phases whose sums are formed side by side, each at most so many rows after the one before. */
constexpr Index PHASES = 4;
constexpr Index MOST_APART = 2;

/* The compiler would load a row again for every product that takes it. */
EARSHOT_INLINE void keep_in_register(Vec &x) {
#if defined(__aarch64__)
    asm("" : "+w"(x));
#elif defined(EARSHOT_VEC_AVX512)
    asm("" : "+v"(x));
#else
    asm("" : "+x"(x));
#endif
}

/* Four taps of a phase. */
struct FourTaps {
    Vec a, b, c, d;

    EARSHOT_INLINE explicit FourTaps(const float *taps)
        : a(set1(taps[0])), b(set1(taps[1])), c(set1(taps[2])), d(set1(taps[3])) {}
    /* With the rows x[0] to x[3]. */
    EARSHOT_INLINE Vec sum(const Vec *x) const { return (a * x[0] + b * x[1]) + (c * x[2] + d * x[3]); }
};

/* Sums of `wide` periods and of several phases, each of which begins `apart` rows after the one before. */
template <Index phases, Index apart>
EARSHOT_INLINE void filter_phases(const float *const *taps, Index tap_count, const float *rows, Index wide,
                                  float (*sums)[RESAMPLED_TOGETHER]) {
    constexpr Index ROWS = 4 + (phases - 1) * apart;
    for (Index first = 0; first < wide; first += WIDTH) {
        Vec y[phases];
        for (Index phase = 0; phase < phases; ++phase) {
            y[phase] = set1(0.0F);
        }
        for (Index tap = 0; tap < tap_count; tap += 4) {
            Vec x[ROWS];
#pragma GCC unroll 16
            for (Index i = 0; i < ROWS; ++i) {
                x[i] = load(rows + (tap + i) * RESAMPLED_TOGETHER + first);
                keep_in_register(x[i]);
            }
#pragma GCC unroll 4
            for (Index phase = 0; phase < phases; ++phase) {
                const FourTaps four(taps[phase] + tap);
                y[phase] = y[phase] + four.sum(x + phase * apart);
            }
        }
        for (Index phase = 0; phase < phases; ++phase) {
            store(sums[phase] + first, y[phase]);
        }
    }
}

/* The same, the distance being known at run time. */
template <Index phases>
inline void filter_phases(Index apart, const float *const *taps, Index tap_count, const float *rows, Index wide,
                          float (*sums)[RESAMPLED_TOGETHER]) {
    static_assert(MOST_APART == 2, "one case each");
    switch (apart) {
    case 0:
        return filter_phases<phases, 0>(taps, tap_count, rows, wide, sums);
    case 1:
        return filter_phases<phases, 1>(taps, tap_count, rows, wide, sums);
    default:
        return filter_phases<phases, 2>(taps, tap_count, rows, wide, sums);
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

/* Scratch: [rows, RESAMPLED_TOGETHER], from the next line of the cache on, as arrays of Java begin within one. */
inline void resample(const Polyphase &p, float *anywhere) {
    constexpr std::uintptr_t LINE_BYTES = RESAMPLED_LINE * sizeof(float);
    float *scratch =
        anywhere + (LINE_BYTES - reinterpret_cast<std::uintptr_t>(anywhere) % LINE_BYTES) % LINE_BYTES / sizeof(float);
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
            const Index apart = p.input_at(n + 1) - p.input_at(n);
            /* As many as are equally far apart. */
            const float *taps[PHASES];
            Index alike = 0;
            do {
                taps[alike] = p.coefficients + (n + alike) % p.up * p.taps;
                ++alike;
            } while (alike < PHASES && phase + alike < phases && apart <= MOST_APART &&
                     p.input_at(n + alike) - p.input_at(n + alike - 1) == apart);
            const float *from = scratch + (p.input_at(n) - first_input) * RESAMPLED_TOGETHER;
            alignas(LINE_BYTES) float sums[PHASES][RESAMPLED_TOGETHER];
            static_assert(PHASES == 4, "one case each");
            switch (alike) {
            case 1:
                filter_phases<1, 0>(taps, p.taps, from, wide, sums);
                break;
            case 2:
                filter_phases<2>(apart, taps, p.taps, from, wide, sums);
                break;
            case 3:
                filter_phases<3>(apart, taps, p.taps, from, wide, sums);
                break;
            default:
                filter_phases<4>(apart, taps, p.taps, from, wide, sums);
                break;
            }
            for (Index k = 0; k < alike; ++k, ++phase) {
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
