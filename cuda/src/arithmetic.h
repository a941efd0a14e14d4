/* How the large products are computed, and what their factors look like in memory. */
#pragma once

#include <type_traits>

#include "device.h"

namespace earshot {

/*
 * SCALAR is the plain one, float32 multiply-adds, and the only one before compute capability 8.0. The others are tensor
 * cores' (mma.sync), and differ in what a word of a factor is:
 *
 *   SPLIT       float32 as high + low, both TF32; high high + high low + low high leaves out 2^-22 of a product
 *               (low low), about what float32 rounds off. 3 instructions for one.
 *   TF32        factors rounded to 10 explicit bits.
 *   BF16        factors rounded to 7 explicit bits.
 *
 * These three read activations as they are, float32, and split or round them in registers.
 *
 *   HALF_SPLIT  as SPLIT, with high and low of half precision: as many bits (11 and 11), at twice the rate, but in a
 *               range of 2^-24 to 2^16. For activations whose greatest value is known beforehand, as behind a norm;
 *               they and the weights of each column are multiplied by powers of two that put them there.
 *   HALF        factors of half precision: as exact as TF32 at twice its rate, for the same activations.
 *   BF16_PAIRS  as BF16, for the same activations.
 *
 * These three read activations that who made them has rounded, two numbers a word.
 */
enum class Arithmetic { SCALAR, SPLIT, TF32, BF16, HALF_SPLIT, HALF, BF16_PAIRS };

/* A row of a factor is cut into chunks of 32 words; in shared memory 4 more keep rows apart (see load_fragment). */
constexpr int CHUNK_WORDS = 32;
constexpr int ROW_WORDS = 36;

/* Whether activations come as words of two numbers. */
__host__ __device__ constexpr bool takes_pairs(Arithmetic a) {
    return a == Arithmetic::HALF_SPLIT || a == Arithmetic::HALF || a == Arithmetic::BF16_PAIRS;
}
/* Whether a factor is the sum of two. */
__host__ __device__ constexpr bool splits(Arithmetic a) {
    return a == Arithmetic::SPLIT || a == Arithmetic::HALF_SPLIT;
}
/* Numbers of a row in one chunk: of HALF_SPLIT 16 words are high parts, 16 low parts. */
__host__ __device__ constexpr int chunk_numbers(Arithmetic a) {
    return a == Arithmetic::HALF || a == Arithmetic::BF16_PAIRS ? 64 : 32;
}
/* Numbers of a row that one instruction multiplies: 8 words. */
__host__ __device__ constexpr int step_numbers(Arithmetic a) {
    return a == Arithmetic::SPLIT || a == Arithmetic::TF32 ? 8 : 16;
}
/* Steps that multiply a chunk. */
__host__ __device__ constexpr int chunk_steps(Arithmetic a) {
    return chunk_numbers(a) / step_numbers(a);
}

/* What is as exact as this for activations in pairs. */
__host__ __device__ constexpr Arithmetic in_pairs(Arithmetic a) {
    return a == Arithmetic::SPLIT  ? Arithmetic::HALF_SPLIT
           : a == Arithmetic::TF32 ? Arithmetic::HALF
           : a == Arithmetic::BF16 ? Arithmetic::BF16_PAIRS
                                   : a;
}

/* Calls run(std::integral_constant) with an arithmetic that takes activations in pairs; any other is an invalid value. */
template <class Run>
cudaError_t with_pairs(Arithmetic a, const Run &run) {
    switch (a) {
    case Arithmetic::HALF_SPLIT:
        return run(std::integral_constant<Arithmetic, Arithmetic::HALF_SPLIT>());
    case Arithmetic::HALF:
        return run(std::integral_constant<Arithmetic, Arithmetic::HALF>());
    case Arithmetic::BF16_PAIRS:
        return run(std::integral_constant<Arithmetic, Arithmetic::BF16_PAIRS>());
    default:
        return cudaErrorInvalidValue;
    }
}

/*
 * What to compute with where a product adds up so many inputs. With few, tensor cores have nothing to win, and the
 * 2^-22 that a split leaves out of each product does not average out; and the first layers of blocks read decibels far
 * from zero, whose split would lose bits: float32 by multiply-adds, whatever the precision.
 */
constexpr Arithmetic block_arithmetic(std::int32_t inputs, Arithmetic asked) {
    constexpr std::int32_t FEW_INPUTS = 16;
    return inputs < FEW_INPUTS ? Arithmetic::SCALAR : asked;
}

/* Chunks of a row of so many numbers. */
__host__ __device__ constexpr std::int32_t chunks_of(Arithmetic a, std::int32_t numbers) {
    return (numbers + chunk_numbers(a) - 1) / chunk_numbers(a);
}

} // namespace earshot
