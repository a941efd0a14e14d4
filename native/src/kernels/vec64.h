/* One vector of doubles, as wide as the instruction set this file is compiled for; see vec.h. */
#pragma once

#include "vec.h"

namespace earshot::EARSHOT_ISA {

#if defined(EARSHOT_VEC_AVX512)

using Vec64 = __m512d;
constexpr Index WIDTH64 = 8;

EARSHOT_INLINE Vec64 load(const double *p) {
    return _mm512_loadu_pd(p);
}
EARSHOT_INLINE void store(double *p, Vec64 v) {
    _mm512_storeu_pd(p, v);
}
EARSHOT_INLINE Vec64 set1(double x) {
    return _mm512_set1_pd(x);
}
EARSHOT_INLINE Vec64 fma(Vec64 a, Vec64 b, Vec64 c) {
    return _mm512_fmadd_pd(a, b, c);
}
/* c - a b. */
EARSHOT_INLINE Vec64 fnma(Vec64 a, Vec64 b, Vec64 c) {
    return _mm512_fnmadd_pd(a, b, c);
}
EARSHOT_INLINE Vec64 square_root(Vec64 v) {
    return _mm512_sqrt_pd(v);
}
/* b where one is a NaN. */
EARSHOT_INLINE Vec64 max_of(Vec64 a, Vec64 b) {
    return _mm512_max_pd(a, b);
}
/* Numbers i to i + WIDTH64 - 1 of each of WIDTH64 rows: number i + j of row l becomes lane l of x[j]. */
EARSHOT_INLINE void load_columns(const float *const *rows, Index i, Vec64 *x) {
    __m256 low[8];
    __m256 high[8];
    for (int l = 0; l < 8; l += 2) {
        const __m256 a = _mm256_loadu_ps(rows[l] + i);
        const __m256 b = _mm256_loadu_ps(rows[l + 1] + i);
        low[l / 2] = _mm256_unpacklo_ps(a, b);
        low[l / 2 + 4] = _mm256_unpackhi_ps(a, b);
    }
    for (int half = 0; half < 8; half += 4) {
        for (int pair = 0; pair < 4; pair += 2) {
            const __m256d a = _mm256_castps_pd(low[half + pair]);
            const __m256d b = _mm256_castps_pd(low[half + pair + 1]);
            high[half + pair] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
            high[half + pair + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
        }
    }
    for (int half = 0; half < 8; half += 4) {
        for (int j = 0; j < 2; ++j) {
            const __m256 a = high[half + j];
            const __m256 b = high[half + j + 2];
            x[half / 2 + j] = _mm512_cvtps_pd(_mm256_permute2f128_ps(a, b, 0x20));
            x[half / 2 + j + 4] = _mm512_cvtps_pd(_mm256_permute2f128_ps(a, b, 0x31));
        }
    }
}

#elif defined(EARSHOT_VEC_AVX2)

using Vec64 = __m256d;
constexpr Index WIDTH64 = 4;

EARSHOT_INLINE Vec64 load(const double *p) {
    return _mm256_loadu_pd(p);
}
EARSHOT_INLINE void store(double *p, Vec64 v) {
    _mm256_storeu_pd(p, v);
}
EARSHOT_INLINE Vec64 set1(double x) {
    return _mm256_set1_pd(x);
}
EARSHOT_INLINE Vec64 fma(Vec64 a, Vec64 b, Vec64 c) {
    return _mm256_fmadd_pd(a, b, c);
}
EARSHOT_INLINE Vec64 fnma(Vec64 a, Vec64 b, Vec64 c) {
    return _mm256_fnmadd_pd(a, b, c);
}
EARSHOT_INLINE Vec64 square_root(Vec64 v) {
    return _mm256_sqrt_pd(v);
}
EARSHOT_INLINE Vec64 max_of(Vec64 a, Vec64 b) {
    return _mm256_max_pd(a, b);
}
EARSHOT_INLINE void load_columns(const float *const *rows, Index i, Vec64 *x) {
    __m128 a = _mm_loadu_ps(rows[0] + i);
    __m128 b = _mm_loadu_ps(rows[1] + i);
    __m128 c = _mm_loadu_ps(rows[2] + i);
    __m128 d = _mm_loadu_ps(rows[3] + i);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    x[0] = _mm256_cvtps_pd(a);
    x[1] = _mm256_cvtps_pd(b);
    x[2] = _mm256_cvtps_pd(c);
    x[3] = _mm256_cvtps_pd(d);
}

#else

typedef double Vec64 __attribute__((vector_size(16)));
constexpr Index WIDTH64 = 2;

EARSHOT_INLINE Vec64 load(const double *p) {
    Vec64 v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
EARSHOT_INLINE void store(double *p, Vec64 v) {
    std::memcpy(p, &v, sizeof v);
}
EARSHOT_INLINE Vec64 set1(double x) {
    return Vec64{x, x};
}
EARSHOT_INLINE Vec64 fma(Vec64 a, Vec64 b, Vec64 c) {
#if defined(__aarch64__)
    return vfmaq_f64(c, a, b);
#else
    return a * b + c;
#endif
}
EARSHOT_INLINE Vec64 fnma(Vec64 a, Vec64 b, Vec64 c) {
#if defined(__aarch64__)
    return vfmsq_f64(c, a, b);
#else
    return c - a * b;
#endif
}
EARSHOT_INLINE Vec64 square_root(Vec64 v) {
    return Vec64{__builtin_sqrt(v[0]), __builtin_sqrt(v[1])};
}
EARSHOT_INLINE Vec64 max_of(Vec64 a, Vec64 b) {
    return a > b ? a : b;
}
EARSHOT_INLINE void load_columns(const float *const *rows, Index i, Vec64 *x) {
    for (Index j = 0; j < WIDTH64; ++j) {
        x[j] = Vec64{static_cast<double>(rows[0][i + j]), static_cast<double>(rows[1][i + j])};
    }
}

#endif

} // namespace earshot::EARSHOT_ISA
