/* Compares layers that are float32 in every precision with what is expected, for every instruction set. */
#pragma once

#include <cmath>
#include <string>

#include "cpu_calls.h"
#include "errors.h"
#include "reference.h"
#include "winograd_weight.h"

namespace test {

/* Float32 sums of up to 1,000 products, each rounded to 6e-8: the error grows with the root of their number, to 1e-6 of
 * the root mean square typically, ten times that for the worst of some 10,000 numbers. */
constexpr double SUMS = 1e-5;

/* Computed in double precision: only the result is rounded. */
constexpr double ROUNDING = 1e-6;

/*
 * What a convolution 3x3 may be off by. By Winograd's algorithm (kernels/winograd.h) y is the sum over k of A_k (G_k w)
 * (B_k x), so the rounding of a product reaches a corner of a patch multiplied by the root of the sum of A_k^2 |G_k|^2
 * |B_k|^2 / 3 along each axis: 6.80 along time, 3.35 along the bands. A sum of I products, rounded one by one, deviates by
 * the root of I / 6 roundings of its own size, to which the transforms add two more; a rounding deviates by 2^-24 / root
 * of 3 at most. ReLU and zeros around the clip leave half of the root mean square that the difference is measured by. Six
 * deviations, as for the worst of some 10,000 numbers of which those at corners deviate most.
 */
inline double convolution_tolerance(std::int64_t inputs, std::int64_t outputs) {
    if (inputs < earshot::WINOGRAD_CHANNELS || outputs < earshot::WINOGRAD_CHANNELS) {
        return SUMS;
    }
    const double rounding = std::ldexp(1.0, -24) / std::sqrt(3.0);
    return 6 * 2 * 6.80 * 3.35 * rounding * std::sqrt(static_cast<double>(inputs) / 6 + 2);
}

/* A tolerance is relative to the root mean square of what is expected. */
inline void compare(const Packed &layer, const std::vector<float> &x, const Doubles &expected, double tolerance,
                    std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    for (const Mode mode : modes()) {
        Operation operation;
        if (!made(layer, mode, operation)) {
            continue;
        }
        const std::vector<float> one = run(operation.op, 1, x, {}, batch, frames, bands);
        const double error = relative_error(one, expected);
        std::string numbers;
        for (const std::int32_t number : layer.numbers) {
            numbers += " " + std::to_string(number);
        }
        CHECK_THAT(error <= tolerance, mode.name() + " error " + std::to_string(error * 1e6) + "e-6, kind " +
                                           std::to_string(layer.kind) + ":" + numbers + ", T " +
                                           std::to_string(frames) + " F " + std::to_string(bands));
        CHECK(same_bits(one, run(operation.op, 3, x, {}, batch, frames, bands)));
    }
}

/* A block out of `shape.inputs` channels, which has them add up to about unit variance. */
template <class Shape, class Formula>
void compare_block(std::int32_t kind, const Shape &shape, const Formula &formula, std::int64_t batch,
                   std::int64_t frames, std::int64_t bands) {
    const float spread = 1.0F / std::sqrt(3.0F * static_cast<float>(shape.inputs));
    Random of_weights(static_cast<std::uint64_t>(shape.weight_count()));
    const std::vector<float> weights = of_weights.vector(shape.weight_count(), -spread, spread);
    Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> x = random.vector(batch * frames * bands * shape.inputs, -2.0F, 2.0F);
    compare({kind, shape.numbers(), weights}, x, formula(shape, weights, x, batch, frames, bands),
            convolution_tolerance(shape.inputs, shape.outputs), batch, frames, bands);
}

} // namespace test
