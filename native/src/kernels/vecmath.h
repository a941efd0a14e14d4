/*
 * exp, SiLU and softplus on a vector, and the decay of the selective scan.
 *
 * exp2 splits x into an integer k and r in [-1/2, 1/2] by adding and taking away 1.5 * 2^23, takes a polynomial of
 * degree 5 with p(0) = 1 (minimax, relative error 9.2e-8) and adds k to the exponent. x is clamped to [-126, 100]: what
 * is smaller becomes 2^-126 = 1.2e-38 and not 0. Decays and gates, of which a path has most, take fewer operations where
 * vectors can be looked up in (FastPower). Measured over all floats: test/vecmath_test.cpp.
 */
#pragma once

#include "vec.h"

namespace earshot::EARSHOT_ISA {

constexpr float LOG2_E = 1.44269504088896341F;
constexpr float LOG2_E_LOW = 1.925963033e-8F; /* log2(e) - LOG2_E */
constexpr float ROUND = 12582912.0F;          /* 1.5 * 2^23: adding it rounds to an integer */

/* Beside products of bfloat16, whose factors are rounded to 2^-9, gates, steps and decays are taken to some 2^-13. */
#if defined(__AVX512BF16__)
constexpr bool COARSE = true;
#else
constexpr bool COARSE = false;
#endif

/*
 * Functions come for G vectors at once, step by step across them: a chain of some twenty operations that wait for each
 * other fills the few dozen places in which a processor looks for one that is ready, so that chain after chain is bound
 * by latency.
 */
constexpr Index TOGETHER = 4;

/* p r + c, for all. */
template <Index G>
EARSHOT_INLINE void horner(Vec (&p)[G], const Vec (&r)[G], float c) {
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        p[i] = fma(p[i], r[i], set1(c));
    }
}

/* x becomes 2^r for r in [-1/2, 1/2]. */
template <Index G>
EARSHOT_INLINE void exp2_fraction(Vec (&x)[G]) {
    Vec p[G];
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        p[i] = fma(set1(1.326472727e-3F), x[i], set1(9.671512728e-3F));
    }
    horner(p, x, 5.550733744e-2F);
    horner(p, x, 2.402224208e-1F);
    horner(p, x, 6.931469776e-1F);
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = fma(p[i], x[i], set1(1.0F));
    }
}

/* x becomes 2^x. */
template <Index G>
EARSHOT_INLINE void exp2_clamped(Vec (&x)[G]) {
    Vec t[G];
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = min_of(set1(100.0F), max_of(set1(-126.0F), x[i]));
        t[i] = x[i] + set1(ROUND);
        x[i] = x[i] - (t[i] - set1(ROUND));
    }
    exp2_fraction(x);
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = add_exponent(x[i], t[i]);
    }
}

/*
 * x becomes e^x, x clamped to [-87.3, 69.3], with a relative error that does not grow with x: where a multiply-add rounds
 * once, x log2(e) - k is exact but for log2(e)'s own second part; elsewhere k ln(2) is taken from x in two parts, the
 * first of which has so few bits that the product is exact (Cody and Waite).
 */
template <Index G>
EARSHOT_INLINE void exp_clamped(Vec (&x)[G]) {
    Vec t[G];
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = min_of(set1(69.3F), max_of(set1(-87.3F), x[i]));
        t[i] = fma(x[i], set1(LOG2_E), set1(ROUND));
    }
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        const Vec k = t[i] - set1(ROUND);
        if constexpr (FUSED_MULTIPLY_ADD) {
            x[i] = fma(x[i], set1(LOG2_E_LOW), fma(x[i], set1(LOG2_E), set1(0.0F) - k));
        } else {
            x[i] = fma(k, set1(2.12194440e-4F), fma(k, set1(-0.693359375F), x[i])) * set1(LOG2_E);
        }
    }
    exp2_fraction(x);
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = add_exponent(x[i], t[i]);
    }
}

EARSHOT_INLINE Vec exp_clamped(Vec x) {
    Vec one[] = {x};
    exp_clamped(one);
    return one[0];
}

#if defined(EARSHOT_VEC_AVX512)

/* c 2^(j/32), c the polynomial's leading coefficient, less the bits 18 to 22 that j puts there when it is added. */
struct PowerTable {
    alignas(64) std::uint32_t bits[32];
    constexpr PowerTable() : bits() {
        double value = COARSE ? 0.69314718056 : 0.23850019236;
        for (std::uint32_t j = 0; j < 32; ++j) {
            bits[j] = __builtin_bit_cast(std::uint32_t, static_cast<float>(value)) - (j << 18U);
            value *= 1.0218971486541166; /* 2^(1/32) */
        }
    }
};

constexpr PowerTable POWER_TABLE;

/*
 * 2^(d * a) for d * a in (-119, 119), in three operations on the multiply ports instead of seven; scan and gates are
 * bound by them. With x = d * a, k / 32 the multiple of 1/32 at or above x, and r = x - k / 32 in [-1/32, 0], 2^r is
 * c ((r + q)^2 + b), a quadratic whose leading coefficient goes into the table of the 32 values 2^(j/32). Taking q =
 * 1.4531 = 1.4375 + 1/64 puts the rounding of x + q where it must be, and x + q comes out of the multiply-add that
 * forms x. The polynomial is 1 at 0 and (2^r - 1) / r is interpolated at the Chebyshev nodes of [-1/32, 0], so the
 * error is at most 2.8e-7 of the value and 1.0e-5 of |x|: a slow decay stays as slow as it was. Coarsely, 2^r is ln(2)
 * (r + q), q = 1 / ln(2), r in [-0.0209, 0.0104]: off by at most 1.1e-4 of the value and 0.8 % of |x|.
 */
class FastPower {
  public:
    EARSHOT_INLINE FastPower()
        : low_(load(reinterpret_cast<const float *>(POWER_TABLE.bits))),
          high_(load(reinterpret_cast<const float *>(POWER_TABLE.bits + 16))) {}

    /* d becomes 2^(d * a). */
    template <Index G>
    EARSHOT_INLINE void operator()(Vec (&d)[G], Vec a) const {
        Vec t[G];
#pragma GCC unroll 8
        for (Index i = 0; i < G; ++i) {
            d[i] = fma(d[i], a, set1(CENTRE));
            t[i] = d[i] + set1(ROUND / 32.0F - 1.4375F);
        }
#pragma GCC unroll 8
        for (Index i = 0; i < G; ++i) {
            const Vec q = d[i] - (t[i] - set1(ROUND / 32.0F));
            const __m512i steps = _mm512_castps_si512(t[i]);
            const Vec scale = _mm512_castsi512_ps(_mm512_add_epi32(
                _mm512_castps_si512(_mm512_permutex2var_ps(low_, steps, high_)), _mm512_slli_epi32(steps, 18)));
            d[i] = (COARSE ? q : fma(q, q, set1(CONSTANT))) * scale;
        }
    }

  private:
    static constexpr float CENTRE = COARSE ? 1.44269504F : 1.45312345F;
    static constexpr float CONSTANT = 2.08130097F;
    Vec low_;
    Vec high_;
};

#elif defined(EARSHOT_VEC_AVX2)

/* 2^(j/8), less the bits 20 to 22 that j puts there when it is added. */
struct PowerTable {
    alignas(32) std::uint32_t bits[8];
    constexpr PowerTable() : bits() {
        double value = 1;
        for (std::uint32_t j = 0; j < 8; ++j) {
            bits[j] = __builtin_bit_cast(std::uint32_t, static_cast<float>(value)) - (j << 20U);
            value *= 1.0905077326652577; /* 2^(1/8) */
        }
    }
};

constexpr PowerTable POWER_TABLE;

/*
 * 2^(d * a) for d * a in (-119, 119): with x = d * a, k / 8 the multiple of 1/8 next to x, and r = x - k / 8 in [-1/16,
 * 1/16], 2^x is 2^(k/8) out of a table of 8 and the exponent, s, times 1 + r (c1 + r (c2 + r c3)), as s + s r (...).
 * (2^r - 1) / r is interpolated at the Chebyshev nodes: the error is at most 3.8e-8 of the value and, beside the
 * roundings, 6e-7 of |x|.
 */
class FastPower {
  public:
    EARSHOT_INLINE FastPower() : table_(load(reinterpret_cast<const float *>(POWER_TABLE.bits))) {}

    /* d becomes 2^(d * a). */
    template <Index G>
    EARSHOT_INLINE void operator()(Vec (&d)[G], Vec a) const {
        Vec t[G];
#pragma GCC unroll 8
        for (Index i = 0; i < G; ++i) {
            d[i] = d[i] * a;
            t[i] = d[i] + set1(ROUND / 8.0F);
        }
#pragma GCC unroll 8
        for (Index i = 0; i < G; ++i) {
            const Vec r = d[i] - (t[i] - set1(ROUND / 8.0F));
            const __m256i steps = _mm256_castps_si256(t[i]);
            const Vec scale = _mm256_castsi256_ps(_mm256_add_epi32(
                _mm256_castps_si256(_mm256_permutevar8x32_ps(table_, steps)), _mm256_slli_epi32(steps, 20)));
            d[i] = fma(fma(fma(set1(C3), r, set1(C2)), r, set1(C1)), r * scale, scale);
        }
    }

  private:
    static constexpr float C1 = 0.693147182F;
    static constexpr float C2 = 0.240254685F;
    static constexpr float C3 = 0.0555080138F;
    Vec table_;
};

#endif

#if defined(EARSHOT_VEC_BASELINE)

/* x becomes e^-x, x within +-69.3. */
template <Index G>
EARSHOT_INLINE void exp_of_negative(Vec (&x)[G]) {
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = set1(0.0F) - x[i];
    }
    exp_clamped(x);
}

/* x becomes e^-|x|, at least e^-82. */
template <Index G>
EARSHOT_INLINE void exp_of_negative_magnitude(Vec (&x)[G]) {
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = min_of(x[i], set1(0.0F) - x[i]);
    }
    exp_clamped(x);
}

#else

/*
 * The same to 2.8e-7 and what x is known to: log2(e) is taken in one part, so that the error grows like that of x
 * rounded to float32, 6e-8 for each unit of x.
 */
template <Index G>
EARSHOT_INLINE void exp_of_negative(Vec (&x)[G]) {
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = within(x[i], 69.3F);
    }
    FastPower()(x, set1(-LOG2_E));
}

template <Index G>
EARSHOT_INLINE void exp_of_negative_magnitude(Vec (&x)[G]) {
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = negative_magnitude(x[i], 82.0F);
    }
    FastPower()(x, set1(LOG2_E));
}

#endif

/* x becomes x / (1 + e^-x). */
template <Index G>
EARSHOT_INLINE void silu(Vec (&x)[G]) {
    Vec e[G];
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        e[i] = x[i];
    }
    exp_of_negative(e);
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = quotient(x[i], set1(1.0F) + e[i]);
    }
}

/* x becomes log(1 + e^x) = max(x, 0) + log1p(e), e = e^-|x| in (0, 1]; log1p(e) = e * polynomial, relative error
 * 3.0e-8, coarsely 5.7e-5. */
template <Index G>
EARSHOT_INLINE void softplus(Vec (&x)[G]) {
    Vec e[G];
    Vec p[G];
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        e[i] = x[i];
    }
    exp_of_negative_magnitude(e);
    if constexpr (COARSE) {
#pragma GCC unroll 8
        for (Index i = 0; i < G; ++i) {
            p[i] = fma(set1(4.134731325e-2F), e[i], set1(-1.574272311e-1F));
        }
        horner(p, e, 3.063009454e-1F);
        horner(p, e, -4.969778088e-1F);
        horner(p, e, 9.999432783e-1F);
    } else {
#pragma GCC unroll 8
        for (Index i = 0; i < G; ++i) {
            p[i] = fma(set1(5.232585206e-3F), e[i], set1(-2.950490444e-2F));
        }
        horner(p, e, 7.822560569e-2F);
        horner(p, e, -1.366323714e-1F);
        horner(p, e, 1.910601577e-1F);
        horner(p, e, -2.484298990e-1F);
        horner(p, e, 3.331909923e-1F);
        horner(p, e, -4.999949347e-1F);
        horner(p, e, 1.0F);
    }
#pragma GCC unroll 8
    for (Index i = 0; i < G; ++i) {
        x[i] = fma(p[i], e[i], max_of(set1(0.0F), x[i]));
    }
}

/* How many vectors are worked on at once. */
template <Index N>
struct Group {
    static constexpr Index COUNT = N;
};

/* Calls body(t, group) for t from 0 on: TOGETHER of `count` at a time, then one by one. */
template <class Body>
EARSHOT_INLINE void in_groups(Index count, const Body &body) {
    Index t = 0;
    for (; t + TOGETHER <= count; t += TOGETHER) {
        body(t, Group<TOGETHER>());
    }
    for (; t < count; ++t) {
        body(t, Group<1>());
    }
}

#if !defined(EARSHOT_VEC_BASELINE)

/* 2^(d * a), d >= 0 and a <= 0, for steps and decays that it covers. */
class FastDecay {
  public:
    EARSHOT_INLINE Vec operator()(Vec d, Vec a) const {
        Vec power[] = {d};
        power_(power, a);
        return power[0];
    }

    /* Whether every d * a is in range for the lanes of d and the most negative a of each lane. */
    static EARSHOT_INLINE bool covers(Vec d, Vec lowest) { return !any_less(d * lowest, set1(-119.0F)); }

  private:
    FastPower power_;
};

#endif

/* 2^(d * a), any d >= 0 and a <= 0. */
class Decay {
  public:
    EARSHOT_INLINE Vec operator()(Vec d, Vec a) const {
        const Vec x = max_of(set1(-126.0F), d * a);
        const Vec t = x + set1(ROUND);
        Vec power[] = {x - (t - set1(ROUND))};
        exp2_fraction(power);
        return add_exponent(power[0], t);
    }
};

} // namespace earshot::EARSHOT_ISA
