/* Calls of the boundary: makes operations, and runs them with memory of exactly the size that they ask for. */
#pragma once

#include <cmath>

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

} // namespace test
