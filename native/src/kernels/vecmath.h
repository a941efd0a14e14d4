/*
 * exp, SiLU and softplus on a vector, and the decay of the selective scan.
 *
 * exp2 splits x into an integer k and r in [-1/2, 1/2] by adding and taking away 1.5 * 2^23, takes a polynomial of
 * degree 5 with p(0) = 1 (minimax, relative error 9.2e-8) and adds k to the exponent. x is clamped to [-126, 100]: what
 * is smaller becomes 2^-126 = 1.2e-38 and not 0. Measured over all floats: test/vecmath_test.cpp.
 */
#pragma once

#include "vec.h"

namespace earshot::EARSHOT_ISA {

constexpr float LOG2_E = 1.44269504088896341F;
constexpr float LOG2_E_LOW = 1.925963033e-8F; /* log2(e) - LOG2_E */
constexpr float ROUND = 12582912.0F;          /* 1.5 * 2^23: adding it rounds to an integer */

/* 2^r for r in [-1/2, 1/2]. */
EARSHOT_INLINE Vec exp2_fraction(Vec r) {
    Vec p = set1(1.326472727e-3F);
    p = fma(p, r, set1(9.671512728e-3F));
    p = fma(p, r, set1(5.550733744e-2F));
    p = fma(p, r, set1(2.402224208e-1F));
    p = fma(p, r, set1(6.931469776e-1F));
    return fma(p, r, set1(1.0F));
}

EARSHOT_INLINE Vec exp2_clamped(Vec x) {
    x = min_of(set1(100.0F), max_of(set1(-126.0F), x));
    const Vec t = x + set1(ROUND);
    return add_exponent(exp2_fraction(x - (t - set1(ROUND))), t);
}

/*
 * e^x, x clamped to [-87.3, 69.3], with a relative error that does not grow with x: where a multiply-add rounds once,
 * x log2(e) - k is exact but for log2(e)'s own second part; elsewhere k ln(2) is taken from x in two parts, the first
 * of which has so few bits that the product is exact (Cody and Waite).
 */
EARSHOT_INLINE Vec exp_clamped(Vec x) {
    x = min_of(set1(69.3F), max_of(set1(-87.3F), x));
    const Vec t = fma(x, set1(LOG2_E), set1(ROUND));
    const Vec k = t - set1(ROUND);
    if constexpr (FUSED_MULTIPLY_ADD) {
        return add_exponent(exp2_fraction(fma(x, set1(LOG2_E_LOW), fma(x, set1(LOG2_E), set1(0.0F) - k))), t);
    } else {
        const Vec r = fma(k, set1(2.12194440e-4F), fma(k, set1(-0.693359375F), x));
        return add_exponent(exp2_fraction(r * set1(LOG2_E)), t);
    }
}

/* x / (1 + e^-x). */
EARSHOT_INLINE Vec silu(Vec x) {
    return quotient(x, set1(1.0F) + exp_clamped(set1(0.0F) - x));
}

/* log(1 + e^x) = max(x, 0) + log1p(e), e = e^-|x| in (0, 1]; log1p(e) = e * polynomial, relative error 5.2e-9. */
EARSHOT_INLINE Vec softplus(Vec x) {
    const Vec e = exp_clamped(min_of(x, set1(0.0F) - x));
    Vec p = set1(-3.318472344e-3F);
    p = fma(p, e, set1(2.020458463e-2F));
    p = fma(p, e, set1(-5.766444486e-2F));
    p = fma(p, e, set1(1.068055571e-1F));
    p = fma(p, e, set1(-1.535539652e-1F));
    p = fma(p, e, set1(1.969540066e-1F));
    p = fma(p, e, set1(-2.495858746e-1F));
    p = fma(p, e, set1(3.333051133e-1F));
    p = fma(p, e, set1(-4.999993276e-1F));
    p = fma(p, e, set1(1.0F));
    return fma(p, e, max_of(set1(0.0F), x));
}

#if defined(EARSHOT_VEC_AVX512)

/* c 2^(j/32), c the quadratic's leading coefficient, less the bits 18 to 22 that j puts there when it is added. */
struct DecayTable {
    alignas(64) std::uint32_t bits[32];
    constexpr DecayTable() : bits() {
        double value = 0.23850019236;
        for (std::uint32_t j = 0; j < 32; ++j) {
            bits[j] = __builtin_bit_cast(std::uint32_t, static_cast<float>(value)) - (j << 18U);
            value *= 1.0218971486541166; /* 2^(1/32) */
        }
    }
};

constexpr DecayTable DECAY_TABLE;

/*
 * 2^(d * a) for d >= 0, a <= 0 and d * a > -119, in six operations on the multiply ports instead of nine; the scan is
 * bound by them. With x = d * a, k / 32 the multiple of 1/32 at or above x, and r = x - k / 32 in [-1/32, 0], 2^r is
 * c ((r + q)^2 + b), a quadratic whose leading coefficient goes into the table of the 32 values 2^(j/32). Taking q =
 * 1.4531 = 1.4375 + 1/64 puts the rounding of x + q where it must be, and x + q comes out of the multiply-add that
 * forms x. The polynomial is 1 at 0 and (2^r - 1) / r is interpolated at the Chebyshev nodes of [-1/32, 0], so the
 * error is at most 2.8e-7 of the value and 1.0e-5 of |x|: a slow decay stays as slow as it was.
 */
class FastDecay {
  public:
    EARSHOT_INLINE FastDecay()
        : low_(load(reinterpret_cast<const float *>(DECAY_TABLE.bits))),
          high_(load(reinterpret_cast<const float *>(DECAY_TABLE.bits + 16))) {}

    EARSHOT_INLINE Vec operator()(Vec d, Vec a) const {
        const Vec y = fma(d, a, set1(CENTRE));
        const Vec t = y + set1(ROUND / 32.0F - 1.4375F);
        const Vec q = y - (t - set1(ROUND / 32.0F));
        const __m512i steps = _mm512_castps_si512(t);
        const Vec scale = _mm512_castsi512_ps(_mm512_add_epi32(
            _mm512_castps_si512(_mm512_permutex2var_ps(low_, steps, high_)), _mm512_slli_epi32(steps, 18)));
        return fma(q, q, set1(CONSTANT)) * scale;
    }

    /* Whether every d * a is in range for the lanes of d and the most negative a of each lane. */
    static EARSHOT_INLINE bool covers(Vec d, Vec lowest) { return !any_less(d * lowest, set1(-119.0F)); }

  private:
    static constexpr float CENTRE = 1.45312345F;
    static constexpr float CONSTANT = 2.08130097F;
    Vec low_;
    Vec high_;
};

#elif defined(EARSHOT_VEC_AVX2)

/* 2^(j/8), less the bits 20 to 22 that j puts there when it is added. */
struct DecayTable {
    alignas(32) std::uint32_t bits[8];
    constexpr DecayTable() : bits() {
        double value = 1;
        for (std::uint32_t j = 0; j < 8; ++j) {
            bits[j] = __builtin_bit_cast(std::uint32_t, static_cast<float>(value)) - (j << 20U);
            value *= 1.0905077326652577; /* 2^(1/8) */
        }
    }
};

constexpr DecayTable DECAY_TABLE;

/*
 * 2^(d * a) for d >= 0, a <= 0 and d * a > -119: with x = d * a, k / 8 the multiple of 1/8 next to x, and r = x - k / 8
 * in [-1/16, 1/16], 2^x is 2^(k/8) out of a table of 8 and the exponent, s, times 1 + r (c1 + r (c2 + r c3)), as s + s
 * r (...). (2^r - 1) / r is interpolated at the Chebyshev nodes: the error is at most 3.8e-8 of the value and, beside
 * the roundings, 6e-7 of |x|.
 */
class FastDecay {
  public:
    EARSHOT_INLINE FastDecay() : table_(load(reinterpret_cast<const float *>(DECAY_TABLE.bits))) {}

    EARSHOT_INLINE Vec operator()(Vec d, Vec a) const {
        const Vec x = d * a;
        const Vec t = x + set1(ROUND / 8.0F);
        const Vec r = x - (t - set1(ROUND / 8.0F));
        const __m256i steps = _mm256_castps_si256(t);
        const Vec scale = _mm256_castsi256_ps(_mm256_add_epi32(
            _mm256_castps_si256(_mm256_permutevar8x32_ps(table_, steps)), _mm256_slli_epi32(steps, 20)));
        return fma(fma(fma(set1(C3), r, set1(C2)), r, set1(C1)), r * scale, scale);
    }

    /* Whether every d * a is in range for the lanes of d and the most negative a of each lane. */
    static EARSHOT_INLINE bool covers(Vec d, Vec lowest) { return !any_less(d * lowest, set1(-119.0F)); }

  private:
    static constexpr float C1 = 0.693147182F;
    static constexpr float C2 = 0.240254685F;
    static constexpr float C3 = 0.0555080138F;
    Vec table_;
};

#endif

/* 2^(d * a), any d >= 0 and a <= 0. */
class Decay {
  public:
    EARSHOT_INLINE Vec operator()(Vec d, Vec a) const {
        const Vec x = max_of(set1(-126.0F), d * a);
        const Vec t = x + set1(ROUND);
        return add_exponent(exp2_fraction(x - (t - set1(ROUND))), t);
    }
};

} // namespace earshot::EARSHOT_ISA
