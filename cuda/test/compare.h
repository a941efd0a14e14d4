/* Compares what layers make through the boundary with what is expected. */
#pragma once

#include <string>
#include <vector>

#include "cuda_calls.h"
#include "errors.h"
#include "reference.h"
#include "tolerance.h"

namespace test {

/* As of the CPU kernels (native/test): typical is 1e-6 of the output's root mean square, the worst ten times that. */
constexpr double SUMS = 1e-5;

/* Some hundred products or a mean of so many numbers: a few units in the last place of the greatest. */
constexpr double ROUNDING = 2e-6;

/* In one precision. */
inline void compare(std::int32_t kind, const std::vector<std::int32_t> &numbers, const std::vector<float> &weights,
                    Mode mode, const std::vector<float> &x, const std::vector<float> &condition,
                    const Doubles &expected, double allowed, std::int64_t batch, std::int64_t frames,
                    std::int64_t bands) {
    const Operation operation(kind, numbers, weights, mode.precision);
    const std::vector<float> actual = run(operation.op, x, condition, batch, frames, bands);
    const bool full = mode.precision == EARSHOT_PRECISION_FLOAT32;
    const double error = full ? relative_error(actual, expected) : mean_error(actual, expected);
    std::string text = std::string(mode.name) + " error " + std::to_string(error * 1e6) + "e-6 above " +
                       std::to_string(allowed * 1e6) + "e-6, kind " + std::to_string(kind) + ":";
    for (const std::int32_t n : numbers) {
        text += " " + std::to_string(n);
    }
    CHECK_THAT(error <= allowed,
               text + " B " + std::to_string(batch) + " T " + std::to_string(frames) + " F " + std::to_string(bands));
}

/* Layers that are float32 in every precision. */
inline void compare(std::int32_t kind, const std::vector<std::int32_t> &numbers, const std::vector<float> &weights,
                    const std::vector<float> &x, const Doubles &expected, double allowed, std::int64_t batch,
                    std::int64_t frames, std::int64_t bands) {
    compare(kind, numbers, weights, {EARSHOT_PRECISION_FLOAT32, "float32"}, x, {}, expected, allowed, batch, frames,
            bands);
}

/* In every precision: `rounded` is with rounded factors, `sums` what float32 is allowed, `more` what all are besides. */
inline void compare_modes(std::int32_t kind, const std::vector<std::int32_t> &numbers,
                          const std::vector<float> &weights, const std::vector<float> &x,
                          const std::vector<float> &condition, const Doubles &exact, const Doubles &rounded,
                          double sums, double more, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    for (const Mode mode : cuda_modes()) {
        const bool full = mode.precision == EARSHOT_PRECISION_FLOAT32;
        const double allowed = (full ? sums : tolerance(mode.precision, exact, rounded)) + more;
        compare(kind, numbers, weights, mode, x, condition, exact, allowed, batch, frames, bands);
    }
}

/* Formula is a function of (shape, weights, x, ...). */
template <class Shape, class Formula>
void compare_block(std::int32_t kind, Shape shape, const Formula &formula, std::int64_t batch, std::int64_t frames,
                   std::int64_t bands) {
    /* For sums of about unit variance out of inputs of about unit variance. */
    const float spread = 1.0F / std::sqrt(3.0F * static_cast<float>(shape.inputs));
    Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> weights = random.vector(shape.weight_count(), -spread, spread);
    const std::vector<float> x = random.vector(batch * frames * bands * shape.inputs, -2.0F, 2.0F);
    const Doubles exact = formula(shape, weights, x, batch, frames, bands);
    shape.precision = EARSHOT_PRECISION_BF16;
    const Doubles rounded = formula(shape, weights, x, batch, frames, bands);
    compare_modes(kind, shape.numbers(), weights, x, {}, exact, rounded, SUMS, 0, batch, frames, bands);
}

} // namespace test
