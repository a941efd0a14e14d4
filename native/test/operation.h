/* Runs an operation through the boundary with memory of exactly the size it asks for. */
#pragma once

#include <cstring>

#include "errors.h"
#include "harness.h"
#include "modes.h"

namespace test {

/* Owns an operation. */
class Operation {
  public:
    Operation() = default;
    ~Operation() { earshot_cpu_op_destroy(op); }
    Operation(const Operation &) = delete;
    Operation &operator=(const Operation &) = delete;

    earshot_cpu_op *op = nullptr;
};

/* A layer as the boundary takes it. */
struct Packed {
    std::int32_t kind;
    std::vector<std::int32_t> numbers;
    std::vector<float> weights;
};

inline earshot_cpu_status create(const Packed &layer, Mode mode, earshot_cpu_op **op) {
    return earshot_cpu_op_create(layer.kind, layer.numbers.data(), static_cast<std::int64_t>(layer.numbers.size()),
                                 layer.weights.data(), static_cast<std::int64_t>(layer.weights.size()), mode.isa,
                                 mode.precision, op);
}

/* Makes an operation; whether that went well is a check of its own. */
inline bool made(const Packed &layer, Mode mode, Operation &operation) {
    const earshot_cpu_status status = create(layer, mode, &operation.op);
    CHECK_THAT(status == EARSHOT_CPU_OK, earshot_cpu_last_error());
    return status == EARSHOT_CPU_OK;
}

inline std::vector<float> run(const earshot_cpu_op *op, int threads, const std::vector<float> &input0,
                              const std::vector<float> &input1, std::int64_t batch, std::int64_t frames,
                              std::int64_t bands) {
    std::int64_t output_floats = 0;
    std::int64_t scratch_floats = 0;
    CHECK(earshot_cpu_op_output(op, batch, frames, bands, &output_floats) == EARSHOT_CPU_OK);
    CHECK(earshot_cpu_op_scratch(op, batch, frames, bands, threads, &scratch_floats) == EARSHOT_CPU_OK);
    std::vector<float> output(static_cast<std::size_t>(output_floats), NAN);
    std::vector<float> scratch(static_cast<std::size_t>(scratch_floats), NAN);
    earshot_cpu_team *team = nullptr;
    CHECK(earshot_cpu_team_create(threads, &team) == EARSHOT_CPU_OK);
    const earshot_cpu_status status =
        earshot_cpu_op_run(op, team, input0.data(), static_cast<std::int64_t>(input0.size()),
                           input1.empty() ? nullptr : input1.data(), static_cast<std::int64_t>(input1.size()),
                           output.data(), output_floats, scratch.data(), scratch_floats, batch, frames, bands);
    CHECK_THAT(status == EARSHOT_CPU_OK, earshot_cpu_last_error());
    earshot_cpu_team_destroy(team);
    return output;
}

/*
 * How far bfloat16 products may lie from products in double precision whose factors are rounded as well (`rounded`), as
 * a mean error. The two differ like float32 and double, but where that moves a factor across the middle between two
 * numbers of 8 significant bits, it is rounded the other way: one factor in about 2^-8 / 1e-6 = 4000, by 2^-8 of it.
 * Those few make a share of the difference that rounding every factor makes (`rounded` against `exact`), whatever the
 * condition of the layers behind: the root of 1 / 4000, 2 %, on the average of many numbers, allowed is 10 % in planes
 * of some hundred; and that anew for each of the `products` one behind the other, since a factor that went the other
 * way moves all those that depend on it. A kernel that rounds otherwise, or leaves out a product, is off by 100 % or
 * more.
 */
inline double bf16_tolerance(const std::vector<double> &rounded, const std::vector<double> &exact, int products) {
    double differences = 0;
    double squares = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        differences += (rounded[i] - exact[i]) * (rounded[i] - exact[i]);
        squares += rounded[i] * rounded[i];
    }
    return 0.1 * products * std::sqrt(differences / (squares + 1e-300)) + 1e-5;
}

} // namespace test
