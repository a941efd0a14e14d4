/*
 * Log-mel levels of WIDTH64 frames side by side, one in each lane: window, transform, magnitudes, bands as sparse rows,
 * logarithm. In float64, as the clamp lies so far below the loudest band that rounding in float32 would drown it.
 */
#pragma once

#include "real_transform.h"

namespace earshot::EARSHOT_ISA {

/* What every sample is less, spacing of 1. */
constexpr double SAMPLE_OFFSET = 0x1p-52;
constexpr double SMALLEST_POWER = 1e-10;

typedef std::uint64_t Bits64 __attribute__((vector_size(8 * WIDTH64)));

/*
 * 10 log10(v) for v in [1e-10, 2^1023], NaN for NaN and infinity. v = 2^e m with m in [1/sqrt(2), sqrt(2)); with f =
 * (m - 1) / (m + 1), ln(m) = 2 f (1 + f^2 / 3 + f^4 / 5...), of which seven terms are taken: f^2 <= 0.02944, so what is
 * left out is at most f^14 / 15 (1 + 0.04) = 1.4e-12 of ln(m), and 2.1e-12 dB.
 */
EARSHOT_INLINE Vec64 decibel(Vec64 v) {
    constexpr std::uint64_t ROOT_HALF = 0x3FE6A09E667F3BCDU; /* 1 / sqrt(2) */
    Bits64 bits;
    std::memcpy(&bits, &v, sizeof bits);
    const Bits64 from_root = bits - ROOT_HALF;
    /* The exponent, beside 2^52's: less 2^52, that is e, of 12 bits with its sign; 2^11 keeps it positive. */
    const Bits64 exponent = ((from_root + (std::uint64_t{1} << 63U)) >> 52U) | 0x4330000000000000U;
    const Bits64 mantissa = (from_root & 0x000FFFFFFFFFFFFFU) + ROOT_HALF;
    Vec64 e;
    Vec64 m;
    std::memcpy(&e, &exponent, sizeof e);
    std::memcpy(&m, &mantissa, sizeof m);
    e = e - set1(0x1p52 + 0x1p11);
    const Vec64 f = (m - set1(1.0)) / (m + set1(1.0));
    const Vec64 s = f * f;
    Vec64 p = set1(1.0 / 13);
    p = fma(p, s, set1(1.0 / 11));
    p = fma(p, s, set1(1.0 / 9));
    p = fma(p, s, set1(1.0 / 7));
    p = fma(p, s, set1(1.0 / 5));
    p = fma(p, s, set1(1.0 / 3));
    p = fma(p, s, set1(1.0));
    constexpr double OF_TWO = 3.0102999566398119521; /* 10 log10(2) */
    constexpr double OF_E = 4.3429448190325182765;   /* 10 log10(e) */
    return fma(e, set1(OF_TWO), f * set1(2 * OF_E) * p) + (v - v);
}

/* Doubles of scratch that log_mel_group needs: the spectrum, the magnitudes. */
inline Index log_mel_scratch(const LogMelTables &tables) {
    return tables.n_fft / 2 * COMPLEX + (tables.n_fft / 2 + 1) * WIDTH64;
}

/*
 * Windowed samples 2j and 2j + 1 as number j of z. The window lies at the start of the transform, not in its middle: a
 * shift in time leaves magnitudes as they are.
 */
inline void window_samples(const LogMelTables &tables, const float *const *samples, double *z) {
    const Index length = tables.window_length;
    Index i = 0;
    for (; i + WIDTH64 <= length; i += WIDTH64) {
        Vec64 x[WIDTH64];
        load_columns(samples, i, x);
        for (Index j = 0; j < WIDTH64; ++j) {
            store(z + (i + j) * WIDTH64, set1(tables.window[i + j]) * (x[j] + set1(SAMPLE_OFFSET)));
        }
    }
    for (; i < length; ++i) {
        double *column = z + i * WIDTH64;
        for (Index lane = 0; lane < WIDTH64; ++lane) {
            column[lane] = tables.window[i] * (static_cast<double>(samples[lane][i]) + SAMPLE_OFFSET);
        }
    }
    for (; i < tables.n_fft; ++i) {
        store(z + i * WIDTH64, set1(0.0));
    }
}

/* Four sums side by side, as one would wait for each of its additions. */
EARSHOT_INLINE Vec64 band_power(const MelRow &row, const double *magnitudes) {
    const double *m = magnitudes + row.first * WIDTH64;
    Vec64 sums[4] = {set1(0.0), set1(0.0), set1(0.0), set1(0.0)};
    Index i = 0;
    for (; i + 4 <= row.bins; i += 4) {
        for (Index j = 0; j < 4; ++j) {
            sums[j] = fma(set1(row.weights[i + j]), load(m + (i + j) * WIDTH64), sums[j]);
        }
    }
    for (; i < row.bins; ++i) {
        sums[0] = fma(set1(row.weights[i]), load(m + i * WIDTH64), sums[0]);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

inline void log_mel_group(const LogMelTables &tables, const LogMelFrames &frames, double *scratch) {
    double *z = scratch;
    double *magnitudes = z + tables.n_fft / 2 * COMPLEX;
    window_samples(tables, frames.samples, z);
    transform_complex(z, tables.n_fft / 2, tables.roots);
    real_magnitudes(tables, z, magnitudes);
    Vec64 loudest = set1(-101.0); /* less than any level */
    for (Index band = 0; band < tables.bands; ++band) {
        const Vec64 level = decibel(max_of(set1(SMALLEST_POWER), band_power(tables.rows[band], magnitudes)));
        double lanes[WIDTH64];
        store(lanes, level);
        for (Index lane = 0; lane < WIDTH64; ++lane) {
            frames.levels[lane][band] = static_cast<float>(lanes[lane]);
        }
        /* A NaN stays one. */
        loudest = max_of(loudest, level + (loudest - loudest));
    }
    store(frames.loudest, loudest);
}

} // namespace earshot::EARSHOT_ISA
