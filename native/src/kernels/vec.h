/*
 * One vector of floats, as wide as the instruction set this file is compiled for. Everything here and in the kernels
 * lies in a namespace named after the instruction set (EARSHOT_ISA), so that the linker cannot mix them up; for the
 * same reason kernel sources use no inline function of the standard library.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX512BF16__)
#define EARSHOT_ISA avx512bf16
#define EARSHOT_VEC_AVX512 1
#include <immintrin.h>
#elif defined(__AVX512F__)
#define EARSHOT_ISA avx512
#define EARSHOT_VEC_AVX512 1
#include <immintrin.h>
#elif defined(__AVX2__)
#define EARSHOT_ISA avx2
#define EARSHOT_VEC_AVX2 1
#include <immintrin.h>
#else
#define EARSHOT_ISA baseline
#define EARSHOT_VEC_BASELINE 1
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
#endif

#define EARSHOT_INLINE inline __attribute__((always_inline))

namespace earshot::EARSHOT_ISA {

using Index = std::int64_t;

#if defined(EARSHOT_VEC_AVX512)

using Vec = __m512;
constexpr Index WIDTH = 16;

EARSHOT_INLINE Vec load(const float *p) {
    return _mm512_loadu_ps(p);
}
EARSHOT_INLINE void store(float *p, Vec v) {
    _mm512_storeu_ps(p, v);
}
EARSHOT_INLINE Vec load_part(const float *p, Index n) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), p);
}
EARSHOT_INLINE void store_part(float *p, Vec v, Index n) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1U), v);
}
EARSHOT_INLINE Vec set1(float x) {
    return _mm512_set1_ps(x);
}
EARSHOT_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return _mm512_fmadd_ps(a, b, c);
}
/* v + *p: by the addition itself, which then reads one register and not two. A compiler would rather read *p once. */
EARSHOT_INLINE Vec add_broadcast(Vec v, const float *p) {
    Vec sum;
    __asm__("vaddps %1%{1to16%}, %2, %0" : "=v"(sum) : "m"(*p), "v"(v));
    return sum;
}
/* The second operand where one is a NaN, as max_of(bound, x) needs to let a NaN through. */
EARSHOT_INLINE Vec max_of(Vec a, Vec b) {
    return _mm512_max_ps(a, b);
}
EARSHOT_INLINE Vec min_of(Vec a, Vec b) {
    return _mm512_min_ps(a, b);
}
EARSHOT_INLINE bool any_less(Vec a, Vec b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ) != 0;
}
/* a where c > 0, else b. */
EARSHOT_INLINE Vec where_positive(Vec c, Vec a, Vec b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(c, _mm512_setzero_ps(), _CMP_GT_OQ), b, a);
}
/* x, but no further from 0 than the bound, and -|x| likewise. A NaN may become the bound. */
EARSHOT_INLINE Vec within(Vec x, float bound) {
    return _mm512_range_ps(x, _mm512_set1_ps(bound), 0b0010);
}
EARSHOT_INLINE Vec negative_magnitude(Vec x, float bound) {
    return _mm512_range_ps(x, _mm512_set1_ps(bound), 0b1110);
}
/* Lanes 2 i and 2 i + 1 the other way round. */
EARSHOT_INLINE Vec neighbours(Vec v) {
    return _mm512_permute_ps(v, 0b10110001);
}
/* Lanes 4 i; the other lanes are 0. */
EARSHOT_INLINE Vec every_fourth(Vec v) {
    return _mm512_maskz_mov_ps(0x1111, v);
}
/* v * 2^n with n in the low bits of t; no check of the exponent's range. */
EARSHOT_INLINE Vec add_exponent(Vec v, Vec t) {
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(v), _mm512_slli_epi32(_mm512_castps_si512(t), 23)));
}
/* a / b for b in [1, 2^100], to about one unit in the last place: a 14-bit estimate and one Newton step. Beside products
 * of bfloat16 (operand.h) the estimate alone. */
EARSHOT_INLINE Vec quotient(Vec a, Vec b) {
    const Vec r = _mm512_rcp14_ps(b);
#if defined(__AVX512BF16__)
    return a * r;
#else
    return a * fma(r, _mm512_fnmadd_ps(b, r, _mm512_set1_ps(1.0F)), r);
#endif
}

#elif defined(EARSHOT_VEC_AVX2)

using Vec = __m256;
constexpr Index WIDTH = 8;

EARSHOT_INLINE __m256i first_lanes(Index n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
EARSHOT_INLINE Vec load(const float *p) {
    return _mm256_loadu_ps(p);
}
EARSHOT_INLINE void store(float *p, Vec v) {
    _mm256_storeu_ps(p, v);
}
EARSHOT_INLINE Vec load_part(const float *p, Index n) {
    return _mm256_maskload_ps(p, first_lanes(n));
}
/* In halves: a masked store takes AMD's processors (Zen 3) tens of cycles. */
EARSHOT_INLINE void store_part(float *p, Vec v, Index n) {
    __m128 part = _mm256_castps256_ps128(v);
    if ((n & 4) != 0) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps(v, 1);
        p += 4;
    }
    if ((n & 2) != 0) {
        _mm_storel_pi(reinterpret_cast<__m64 *>(p), part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if ((n & 1) != 0) {
        _mm_store_ss(p, part);
    }
}
EARSHOT_INLINE Vec set1(float x) {
    return _mm256_set1_ps(x);
}
EARSHOT_INLINE Vec fma(Vec a, Vec b, Vec c) {
    return _mm256_fmadd_ps(a, b, c);
}
EARSHOT_INLINE Vec add_broadcast(Vec v, const float *p) {
    return v + set1(*p);
}
EARSHOT_INLINE Vec max_of(Vec a, Vec b) {
    return _mm256_max_ps(a, b);
}
EARSHOT_INLINE Vec min_of(Vec a, Vec b) {
    return _mm256_min_ps(a, b);
}
EARSHOT_INLINE bool any_less(Vec a, Vec b) {
    return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_LT_OQ)) != 0;
}
EARSHOT_INLINE Vec where_positive(Vec c, Vec a, Vec b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(c, _mm256_setzero_ps(), _CMP_GT_OQ));
}
EARSHOT_INLINE Vec within(Vec x, float bound) {
    return min_of(set1(bound), max_of(set1(-bound), x));
}
EARSHOT_INLINE Vec negative_magnitude(Vec x, float bound) {
    return max_of(set1(-bound), _mm256_or_ps(x, _mm256_set1_ps(-0.0F)));
}
EARSHOT_INLINE Vec neighbours(Vec v) {
    return _mm256_permute_ps(v, 0b10110001);
}
EARSHOT_INLINE Vec every_fourth(Vec v) {
    return _mm256_blend_ps(_mm256_setzero_ps(), v, 0b00010001);
}
EARSHOT_INLINE Vec add_exponent(Vec v, Vec t) {
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(v), _mm256_slli_epi32(_mm256_castps_si256(t), 23)));
}
EARSHOT_INLINE Vec quotient(Vec a, Vec b) {
    return _mm256_div_ps(a, b);
}

#else

typedef float Vec __attribute__((vector_size(16)));
typedef std::uint32_t VecBits __attribute__((vector_size(16)));
constexpr Index WIDTH = 4;

EARSHOT_INLINE Vec load(const float *p) {
    Vec v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
EARSHOT_INLINE void store(float *p, Vec v) {
    std::memcpy(p, &v, sizeof v);
}
EARSHOT_INLINE Vec load_part(const float *p, Index n) {
    Vec v = {};
    for (Index i = 0; i < n; ++i) {
        v[i] = p[i];
    }
    return v;
}
EARSHOT_INLINE void store_part(float *p, Vec v, Index n) {
    for (Index i = 0; i < n; ++i) {
        p[i] = v[i];
    }
}
EARSHOT_INLINE Vec set1(float x) {
    return Vec{x, x, x, x};
}
EARSHOT_INLINE Vec fma(Vec a, Vec b, Vec c) {
#if defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return a * b + c;
#endif
}
EARSHOT_INLINE Vec add_broadcast(Vec v, const float *p) {
    return v + set1(*p);
}
EARSHOT_INLINE Vec max_of(Vec a, Vec b) {
    return a > b ? a : b;
}
EARSHOT_INLINE Vec min_of(Vec a, Vec b) {
    return a < b ? a : b;
}
EARSHOT_INLINE Vec where_positive(Vec c, Vec a, Vec b) {
    return c > 0.0F ? a : b;
}
EARSHOT_INLINE Vec neighbours(Vec v) {
    return Vec{v[1], v[0], v[3], v[2]};
}
EARSHOT_INLINE Vec every_fourth(Vec v) {
    return Vec{v[0], 0.0F, 0.0F, 0.0F};
}
EARSHOT_INLINE Vec add_exponent(Vec v, Vec t) {
    VecBits bits;
    VecBits steps;
    std::memcpy(&bits, &v, sizeof bits);
    std::memcpy(&steps, &t, sizeof steps);
    bits += steps << 23U;
    std::memcpy(&v, &bits, sizeof v);
    return v;
}
EARSHOT_INLINE Vec quotient(Vec a, Vec b) {
    return a / b;
}

#endif

/* Whether fma rounds once. */
#if defined(EARSHOT_VEC_BASELINE) && !defined(__aarch64__)
constexpr bool FUSED_MULTIPLY_ADD = false;
#else
constexpr bool FUSED_MULTIPLY_ADD = true;
#endif

EARSHOT_INLINE Vec load_at_most(const float *p, Index n) {
    return n >= WIDTH ? load(p) : load_part(p, n);
}
EARSHOT_INLINE void store_at_most(float *p, Vec v, Index n) {
    if (n >= WIDTH) {
        store(p, v);
    } else {
        store_part(p, v, n);
    }
}

/* Sum of the lanes. */
EARSHOT_INLINE float sum(Vec v) {
#if defined(EARSHOT_VEC_AVX512)
    return _mm512_reduce_add_ps(v);
#else
    float lanes[WIDTH];
    store(lanes, v);
    for (Index half = WIDTH / 2; half > 0; half /= 2) {
        for (Index i = 0; i < half; ++i) {
            lanes[i] += lanes[i + half];
        }
    }
    return lanes[0];
#endif
}

/* The sums of the lanes of four vectors, to four floats. */
EARSHOT_INLINE void store_sums(float *to, const Vec (&v)[4]) {
#if defined(EARSHOT_VEC_BASELINE)
    for (Index i = 0; i < 4; ++i) {
        to[i] = sum(v[i]);
    }
#else
#if defined(EARSHOT_VEC_AVX512)
    __m256 half[4];
#pragma GCC unroll 4
    for (Index i = 0; i < 4; ++i) {
        half[i] = _mm256_add_ps(_mm512_castps512_ps256(v[i]), _mm512_extractf32x8_ps(v[i], 1));
    }
#else
    const Vec(&half)[4] = v;
#endif
    const __m256 all = _mm256_hadd_ps(_mm256_hadd_ps(half[0], half[1]), _mm256_hadd_ps(half[2], half[3]));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
#endif
}

/* The least multiple of the vector's width that is at least n. */
EARSHOT_INLINE Index padded(Index n) {
    return (n + WIDTH - 1) / WIDTH * WIDTH;
}

} // namespace earshot::EARSHOT_ISA
