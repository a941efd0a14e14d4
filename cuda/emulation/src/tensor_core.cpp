/* Much of the emulation's time goes by here, so terms are cut off as integers, a row's columns side by side in vectors
   of the compiler's, which by itself would turn the rows and columns of a tile around. */
#include "emulation/tensor_core.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace earshot::emulation {
namespace {

/* Bits behind those of a float32 that are kept while terms are added. On an H200 sums of terms of both signs came out
   0.4 (TF32) and 0.6 (16 bits) units of the largest term nearer to zero than they are: as with two such bits. */
constexpr int GUARD_BITS = 2;
constexpr int FRACTION = 23;
/* Of a term that are kept, behind its first. */
constexpr int KEPT = FRACTION + GUARD_BITS;
constexpr int BIAS = 127;
constexpr unsigned COLUMNS = TENSOR_CORE_COLUMNS;

/* A number for each column. */
using Floats = float __attribute__((vector_size(COLUMNS * sizeof(float))));
using Integers = std::int32_t __attribute__((vector_size(COLUMNS * sizeof(std::int32_t))));

/* In float32, whose products of two numbers of 16 bits or TF32 are exact unless they are beyond its range. Then, and
   where what is kept would come near that, nothing is done; returns whether it was. Products below its least number are
   none. */
template <unsigned DEPTH>
bool add_up_in_float(float *const (&sums)[COLUMNS], const float (&a)[DEPTH], const float (&b)[DEPTH][COLUMNS]) {
    constexpr std::int32_t LEAST = (BIAS - 80) << FRACTION;
    constexpr std::int32_t MOST = (BIAS + 100) << FRACTION;
    Floats terms[DEPTH + 1];
    terms[DEPTH] = Floats{*sums[0], *sums[1], *sums[2], *sums[3], *sums[4], *sums[5], *sums[6], *sums[7]};
    /* Magnitudes are in the order of their bits, infinity and what is not a number behind all others. */
    Integers largest = (Integers)terms[DEPTH] & INT32_MAX;
    for (unsigned k = 0; k < DEPTH; ++k) {
        Floats factor;
        std::memcpy(&factor, b[k], sizeof factor);
        terms[k] = a[k] * factor;
        const Integers magnitude = (Integers)terms[k] & INT32_MAX;
        largest = largest > magnitude ? largest : magnitude;
    }
    const Integers beyond = ((largest != 0) & (largest < LEAST)) | (largest >= MOST);
    std::int32_t any = 0;
    for (unsigned c = 0; c < COLUMNS; ++c) {
        any |= beyond[c];
    }
    if (any != 0) {
        return false;
    }
    largest = largest > LEAST ? largest : Integers{} + LEAST;
    const Integers exponent = largest >> FRACTION;
    const Floats scale = (Floats)((2 * BIAS + KEPT - exponent) << FRACTION);
    Integers total{};
    for (unsigned k = 0; k <= DEPTH; ++k) {
        total += __builtin_convertvector(terms[k] * scale, Integers);
    }
    /* Cut off to float32: where rounding went away from zero, the number before it. */
    Floats cut = __builtin_convertvector(total, Floats);
    const Integers rounded = __builtin_convertvector(cut, Integers);
    const Integers away = (rounded < 0 ? -rounded : rounded) > (total < 0 ? -total : total);
    cut = (Floats)((Integers)cut + away) * (Floats)((exponent - KEPT) << FRACTION);
    for (unsigned c = 0; c < COLUMNS; ++c) {
        *sums[c] = cut[c];
    }
    return true;
}

/* 2^exponent, of a normal number. */
double power_of_two(int exponent) {
    const std::uint64_t bits = static_cast<std::uint64_t>(exponent + 1023) << 52U;
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

/* The exponent of a number that is not negative; that of a subnormal one is too small to matter. */
int exponent_of(double x) {
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return static_cast<int>(bits >> 52U) - 1023;
}

/* Cut off to float32: towards zero. */
float cut_to_float(double x) {
    auto result = static_cast<float>(x);
    if (std::fabs(static_cast<double>(result)) > std::fabs(x)) {
        std::uint32_t bits;
        std::memcpy(&bits, &result, sizeof bits);
        --bits;
        std::memcpy(&result, &bits, sizeof result);
    }
    return result;
}

/* Of numbers of any size. */
template <unsigned DEPTH>
void add_up(float *const (&sums)[COLUMNS], const float (&a)[DEPTH], const float (&b)[DEPTH][COLUMNS]) {
    /* Smaller than any product of float32. */
    constexpr int LEAST_EXPONENT = -500;
    for (unsigned c = 0; c < COLUMNS; ++c) {
        double terms[DEPTH + 1];
        double plain = terms[DEPTH] = static_cast<double>(*sums[c]);
        double largest = std::fabs(plain);
        for (unsigned k = 0; k < DEPTH; ++k) {
            terms[k] = static_cast<double>(a[k]) * static_cast<double>(b[k][c]);
            plain += terms[k];
            largest = std::max(largest, std::fabs(terms[k]));
        }
        if (!std::isfinite(plain)) {
            /* There is nothing to align; the plain sum is the answer. */
            *sums[c] = static_cast<float>(plain);
            continue;
        }
        /* That of the last bit which is kept. */
        const int exponent = std::max(exponent_of(largest), LEAST_EXPONENT) - KEPT;
        const double scale = power_of_two(-exponent);
        std::int32_t total = 0;
        for (const double term : terms) {
            total += static_cast<std::int32_t>(term * scale);
        }
        *sums[c] = cut_to_float(total * power_of_two(exponent));
    }
}

template <unsigned DEPTH>
void sums_of(float *const (&sums)[COLUMNS], const float (&a)[DEPTH], const float (&b)[DEPTH][COLUMNS]) {
    /* A term has a bit before its fraction; all of them, and the sum so far, must fit into an int. */
    static_assert((DEPTH + 1) << (1 + KEPT) < 1U << 31U);
    if (!add_up_in_float(sums, a, b)) {
        add_up(sums, a, b);
    }
}

} // namespace

void tensor_core_sums(float *const (&sums)[TENSOR_CORE_COLUMNS], const float (&a)[8],
                      const float (&b)[8][TENSOR_CORE_COLUMNS]) {
    sums_of(sums, a, b);
}

void tensor_core_sums(float *const (&sums)[TENSOR_CORE_COLUMNS], const float (&a)[16],
                      const float (&b)[16][TENSOR_CORE_COLUMNS]) {
    sums_of(sums, a, b);
}

} // namespace earshot::emulation
