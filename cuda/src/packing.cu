#include "packing.h"

#include <algorithm>
#include <cstring>

namespace earshot {

namespace {

/* To 10 explicit bits, ties away from zero, as cvt.rna does. */
std::uint32_t tf32_bits(float x) {
    return (float_bits(x) + 0x1000U) & ~0x1FFFU;
}

float float_from(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

/* To 7 explicit bits, ties to even, as cvt.rn does. */
std::uint32_t bf16_of(float x) {
    const std::uint32_t bits = float_bits(x);
    return (bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U;
}

} // namespace

std::uint32_t float_bits(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

WeightWord weight_word(Arithmetic arithmetic, float first, float second) {
    const auto halves = [](float low, float high) { return half_bits(low) | half_bits(high) << 16U; };
    switch (arithmetic) {
    case Arithmetic::SPLIT: {
        const std::uint32_t high = tf32_bits(first);
        return {high, tf32_bits(first - float_from(high))};
    }
    case Arithmetic::TF32:
        return {tf32_bits(first), 0};
    case Arithmetic::BF16:
    case Arithmetic::BF16_PAIRS:
        return {bf16_of(first) | bf16_of(second) << 16U, 0};
    case Arithmetic::HALF_SPLIT:
        return {halves(first, second),
                halves(first - float_of_half(half_bits(first)), second - float_of_half(half_bits(second)))};
    case Arithmetic::HALF:
        return {halves(first, second), 0};
    default:
        return {float_bits(first), 0};
    }
}

float scale_for_half(float largest) {
    if (!(largest > 0) || !std::isfinite(largest)) {
        return 1.0F;
    }
    constexpr int BEHIND = 13;
    /* The scale and its reciprocal stay normal numbers. */
    return std::ldexp(1.0F, std::min(std::max(BEHIND - std::ilogb(largest), -100), 100));
}

float power_of_two(float x) {
    if (!(x > 0) || !std::isfinite(x)) {
        return 1.0F;
    }
    return std::ldexp(1.0F, std::min(std::max(std::ilogb(x) + 1, -60), 60));
}

float scale_row(float *row, std::int32_t width) {
    float largest = 0;
    for (std::int32_t i = 0; i < width; ++i) {
        largest = std::max(largest, std::fabs(row[i]));
    }
    const float scale = scale_for_half(largest);
    for (std::int32_t i = 0; i < width; ++i) {
        row[i] *= scale;
    }
    return 1.0F / scale;
}

} // namespace earshot
