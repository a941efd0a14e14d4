/*
 * How a tensor core adds up: not as a processor does.
 *
 * The products of one instruction and the sum so far are exact; they are aligned to the largest of them, what falls
 * below a fixed number of bits is cut off (not rounded), then they are added, and the result is cut off to float32
 * (M. Fasi, N. Higham, M. Mikaitis, S. Pranesh: Numerical behavior of NVIDIA tensor cores, PeerJ CS 7:e330, 2021, found
 * this on compute capability 7.0 to 8.0; cuda/test/tensor_core_test.cu asks the device). Cutting off is biased: over
 * a long sum the errors all point to zero, which rounding to nearest would hide.
 */
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace earshot::emulation {

/* Bits behind those of a float32 that are kept while terms are added. On an H200 sums of terms of both signs came out
   0.4 (TF32) and 0.6 (16 bits) units of the largest term nearer to zero than they are: as with two such bits. */
constexpr int TENSOR_CORE_GUARD_BITS = 2;
constexpr int TENSOR_CORE_FRACTION = 23;
/* Of a term that are kept, behind its first. */
constexpr int TENSOR_CORE_BITS = TENSOR_CORE_FRACTION + TENSOR_CORE_GUARD_BITS;
constexpr unsigned TENSOR_CORE_COLUMNS = 8;

/* 2^exponent, of a normal number. */
inline double power_of_two(int exponent) {
    const std::uint64_t bits = static_cast<std::uint64_t>(exponent + 1023) << 52U;
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

/* The exponent of a number that is not negative; that of a subnormal one is too small to matter. */
inline int exponent_of(double x) {
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return static_cast<int>(bits >> 52U) - 1023;
}

/* Cut off to float32: towards zero. */
inline float cut_to_float(double x) {
    auto result = static_cast<float>(x);
    if (std::fabs(static_cast<double>(result)) > std::fabs(x)) {
        std::uint32_t bits;
        std::memcpy(&bits, &result, sizeof bits);
        --bits;
        std::memcpy(&result, &bits, sizeof result);
    }
    return result;
}

/* As below, in float32, whose products of two numbers of 16 bits or TF32 are exact unless they are beyond its range. Then,
 * and where what is kept would come near that, nothing is done; returns whether it was. Products below its least number
 * are none. */
template <unsigned DEPTH>
bool add_up_in_float(float *const (&sums)[TENSOR_CORE_COLUMNS], const float (&a)[DEPTH],
                     const float (&b)[DEPTH][TENSOR_CORE_COLUMNS]) {
    constexpr unsigned COLUMNS = TENSOR_CORE_COLUMNS;
    constexpr int BIAS = 127;
    constexpr std::int32_t LEAST = (BIAS - 80) << TENSOR_CORE_FRACTION;
    constexpr std::int32_t MOST = (BIAS + 100) << TENSOR_CORE_FRACTION;
    float terms[DEPTH + 1][COLUMNS];
    for (unsigned c = 0; c < COLUMNS; ++c) {
        terms[DEPTH][c] = *sums[c];
    }
    for (unsigned k = 0; k < DEPTH; ++k) {
        for (unsigned c = 0; c < COLUMNS; ++c) {
            terms[k][c] = a[k] * b[k][c];
        }
    }
    /* Magnitudes are in the order of their bits, infinity and what is not a number behind all others. */
    std::int32_t largest[COLUMNS] = {};
    for (unsigned k = 0; k <= DEPTH; ++k) {
        std::int32_t bits[COLUMNS];
        std::memcpy(bits, terms[k], sizeof bits);
        for (unsigned c = 0; c < COLUMNS; ++c) {
            largest[c] = std::max(largest[c], bits[c] & INT32_MAX);
        }
    }
    bool within = true;
    std::int32_t scale_bits[COLUMNS];
    for (unsigned c = 0; c < COLUMNS; ++c) {
        within = within && (largest[c] == 0 || largest[c] >= LEAST) && largest[c] < MOST;
        largest[c] = std::max(largest[c], LEAST);
        scale_bits[c] = (2 * BIAS + TENSOR_CORE_BITS - (largest[c] >> TENSOR_CORE_FRACTION)) << TENSOR_CORE_FRACTION;
    }
    if (!within) {
        return false;
    }
    float scale[COLUMNS];
    std::memcpy(scale, scale_bits, sizeof scale);
    std::int32_t total[COLUMNS] = {};
    for (unsigned k = 0; k <= DEPTH; ++k) {
        for (unsigned c = 0; c < COLUMNS; ++c) {
            total[c] += static_cast<std::int32_t>(terms[k][c] * scale[c]);
        }
    }
    for (unsigned c = 0; c < COLUMNS; ++c) {
        *sums[c] =
            cut_to_float(total[c] * power_of_two((largest[c] >> TENSOR_CORE_FRACTION) - BIAS - TENSOR_CORE_BITS));
    }
    return true;
}

/*
 * sums[column] + a . b[.][column] over DEPTH factors, as one instruction makes them. Most of the emulation's time goes
 * by here, so terms are cut off as integers, a row's columns side by side.
 */
template <unsigned DEPTH>
void tensor_core_sums(float *const (&sums)[TENSOR_CORE_COLUMNS], const float (&a)[DEPTH],
                      const float (&b)[DEPTH][TENSOR_CORE_COLUMNS]) {
    constexpr unsigned COLUMNS = TENSOR_CORE_COLUMNS;
    /* Smaller than any product of float32. */
    constexpr int LEAST_EXPONENT = -500;
    /* A term has a bit before its fraction; all of them, and the sum so far, must fit into an int. */
    static_assert((DEPTH + 1) << (1 + TENSOR_CORE_BITS) < 1U << 31U);
    if (add_up_in_float(sums, a, b)) {
        return;
    }
    double plain[COLUMNS];
    double largest[COLUMNS];
    double terms[DEPTH + 1][COLUMNS];
    for (unsigned c = 0; c < COLUMNS; ++c) {
        plain[c] = terms[DEPTH][c] = static_cast<double>(*sums[c]);
        largest[c] = std::fabs(plain[c]);
    }
    for (unsigned k = 0; k < DEPTH; ++k) {
        for (unsigned c = 0; c < COLUMNS; ++c) {
            terms[k][c] = static_cast<double>(a[k]) * static_cast<double>(b[k][c]);
            plain[c] += terms[k][c];
            largest[c] = std::max(largest[c], std::fabs(terms[k][c]));
        }
    }
    int exponent[COLUMNS];
    double scale[COLUMNS];
    std::int32_t total[COLUMNS] = {};
    for (unsigned c = 0; c < COLUMNS; ++c) {
        if (!std::isfinite(plain[c])) {
            /* There is nothing to align; the plain sum is the answer. */
            for (unsigned k = 0; k <= DEPTH; ++k) {
                terms[k][c] = 0;
            }
            largest[c] = 0;
        }
        /* That of the last bit which is kept. */
        exponent[c] = std::max(exponent_of(largest[c]), LEAST_EXPONENT) - TENSOR_CORE_BITS;
        scale[c] = power_of_two(-exponent[c]);
    }
    for (unsigned k = 0; k <= DEPTH; ++k) {
        for (unsigned c = 0; c < COLUMNS; ++c) {
            total[c] += static_cast<std::int32_t>(terms[k][c] * scale[c]);
        }
    }
    for (unsigned c = 0; c < COLUMNS; ++c) {
        *sums[c] =
            std::isfinite(plain[c]) ? cut_to_float(total[c] * power_of_two(exponent[c])) : static_cast<float>(plain[c]);
    }
}

} // namespace earshot::emulation
