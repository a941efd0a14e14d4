/* Random words of factors for tests of single instructions, and the numbers in them. */
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "harness.h"
#include "intrinsics.h"
#include "packing.h"

namespace test {

/*
 * How far, in units of the largest term (2^-23 of its power of two), a product of one instruction of so many terms and
 * the sum so far may be off: a unit for each term cut off, and one for the result, which may be 32 times larger.
 */
constexpr double furthest_units(int terms) {
    return terms + 1 + 32;
}
constexpr double FURTHEST_UNITS = furthest_units(16);

inline std::vector<std::uint32_t> factor_words(Random &random, earshot::Arithmetic arithmetic, std::int64_t count) {
    std::vector<std::uint32_t> words;
    const std::vector<float> values = random.vector(count * 2, -2.0F, 2.0F);
    for (std::int64_t i = 0; i < count; ++i) {
        /* Factors of very different size, so that alignment loses bits. */
        const float shrink = std::ldexp(1.0F, -static_cast<int>(i * 7 % 9));
        words.push_back(earshot::weight_word(arithmetic, values[static_cast<std::size_t>(2 * i)] * shrink,
                                             values[static_cast<std::size_t>(2 * i + 1)])
                            .high);
    }
    return words;
}

/* Number `which` of a word. */
inline double factor_number(earshot::Word word, std::uint32_t bits, int which) {
    float x;
    if (word == earshot::Word::TF32) {
        std::memcpy(&x, &bits, sizeof x);
        return x;
    }
    const std::uint32_t half = bits >> (which * 16) & 0xFFFFU;
    if (word == earshot::Word::HALF) {
        return earshot::float_of_half(half);
    }
    const std::uint32_t wide = half << 16U;
    std::memcpy(&x, &wide, sizeof x);
    return x;
}

/* The bits of words as floats, which is what an array of the device holds. */
inline std::vector<float> as_floats(const std::vector<std::uint32_t> &words) {
    std::vector<float> values(words.size());
    std::memcpy(values.data(), words.data(), words.size() * sizeof(float));
    return values;
}

} // namespace test
