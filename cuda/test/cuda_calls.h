/* Calls of the boundary: makes operations, and runs them with memory of exactly the size that they ask for. */
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "earshot_cuda.h"
#include "harness.h"

namespace test {

struct Mode {
    std::int32_t precision;
    const char *name;
};

/* The precisions that the device has. */
inline std::vector<Mode> cuda_modes() {
    std::vector<Mode> found;
    for (const Mode mode : {Mode{EARSHOT_PRECISION_FLOAT32, "float32"}, Mode{EARSHOT_PRECISION_TF32, "tf32"},
                            Mode{EARSHOT_PRECISION_BF16, "bf16"}}) {
        if (earshot_cuda_precision_available(0, mode.precision) == 1) {
            found.push_back(mode);
        }
    }
    return found;
}

/* Whether a call failed as expected, and said so. */
inline bool says(earshot_cuda_status status, earshot_cuda_status expected, const char *part) {
    return status == expected && std::string(earshot_cuda_last_error()).find(part) != std::string::npos;
}

/* A stream with whatever memory was put on it. */
class Device {
  public:
    explicit Device(std::int32_t number = 0) {
        CHECK_THAT(earshot_cuda_stream_create(number, &stream) == EARSHOT_CUDA_OK, earshot_cuda_last_error());
    }
    ~Device() {
        for (earshot_cuda_memory *memory : memories_) {
            earshot_cuda_memory_destroy(memory);
        }
        earshot_cuda_stream_destroy(stream);
    }
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;

    earshot_cuda_memory *put(const std::vector<float> &values) {
        const auto count = static_cast<std::int64_t>(values.size());
        earshot_cuda_memory *memory = nullptr;
        CHECK_THAT(earshot_cuda_memory_create(stream, count, &memory) == EARSHOT_CUDA_OK, earshot_cuda_last_error());
        memories_.push_back(memory);
        write(values, memory);
        return memory;
    }
    void write(const std::vector<float> &values, earshot_cuda_memory *memory) {
        in_pieces(static_cast<std::int64_t>(values.size()), [&](std::int64_t from, std::int64_t count) {
            const earshot_cuda_status staged = earshot_cuda_stage(stream, 0, values.data(), from, count);
            return staged == EARSHOT_CUDA_OK ? earshot_cuda_upload(stream, 0, count, memory, from) : staged;
        });
    }
    std::vector<float> get(earshot_cuda_memory *memory, std::int64_t count) {
        std::vector<float> values(static_cast<std::size_t>(count));
        in_pieces(count, [&](std::int64_t from, std::int64_t piece) {
            const earshot_cuda_status status = earshot_cuda_download(stream, memory, from, piece, 0);
            if (status != EARSHOT_CUDA_OK) {
                return status;
            }
            const earshot_cuda_status waited = earshot_cuda_wait(stream);
            std::copy_n(earshot_cuda_staging(stream), piece, values.begin() + from);
            return waited;
        });
        return values;
    }

    earshot_cuda_stream *stream = nullptr;

  private:
    /* What the staging memory holds, one after the other. */
    template <class Copy>
    void in_pieces(std::int64_t count, const Copy &copy) {
        for (std::int64_t from = 0; from < count; from += EARSHOT_CUDA_STAGING_FLOATS) {
            CHECK_THAT(copy(from, std::min<std::int64_t>(EARSHOT_CUDA_STAGING_FLOATS, count - from)) == EARSHOT_CUDA_OK,
                       earshot_cuda_last_error());
            CHECK_THAT(earshot_cuda_wait(stream) == EARSHOT_CUDA_OK, earshot_cuda_last_error());
        }
    }

    std::vector<earshot_cuda_memory *> memories_;
};

/* Owns an operation. */
class Operation {
  public:
    Operation(std::int32_t kind, const std::vector<std::int32_t> &numbers, const std::vector<float> &weights,
              std::int32_t precision, std::int32_t device = 0) {
        const earshot_cuda_status status =
            earshot_cuda_op_create(kind, numbers.data(), static_cast<std::int64_t>(numbers.size()), weights.data(),
                                   static_cast<std::int64_t>(weights.size()), precision, device, &op);
        CHECK_THAT(status == EARSHOT_CUDA_OK, earshot_cuda_last_error());
    }
    ~Operation() { earshot_cuda_op_destroy(op); }
    Operation(const Operation &) = delete;
    Operation &operator=(const Operation &) = delete;

    earshot_cuda_op *op = nullptr;
};

inline std::vector<float> run(const earshot_cuda_op *op, const std::vector<float> &input0,
                              const std::vector<float> &input1, std::int64_t batch, std::int64_t frames,
                              std::int64_t bands) {
    std::int64_t output_floats = 0;
    std::int64_t scratch_floats = 0;
    CHECK_THAT(earshot_cuda_op_output(op, batch, frames, bands, &output_floats) == EARSHOT_CUDA_OK,
               earshot_cuda_last_error());
    CHECK(earshot_cuda_op_scratch(op, batch, frames, bands, &scratch_floats) == EARSHOT_CUDA_OK);
    Device device;
    const std::vector<float> unknown(static_cast<std::size_t>(output_floats), NAN);
    earshot_cuda_memory *output = device.put(unknown);
    const earshot_cuda_status status = earshot_cuda_op_run(
        op, device.stream, device.put(input0), 0, input1.empty() ? nullptr : device.put(input1), 0, output, 0,
        device.put(std::vector<float>(static_cast<std::size_t>(scratch_floats), NAN)), 0, batch, frames, bands);
    CHECK_THAT(status == EARSHOT_CUDA_OK, earshot_cuda_last_error());
    return device.get(output, output_floats);
}

} // namespace test
