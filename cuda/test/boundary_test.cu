/* The boundary: what it refuses, and that a refusal leaves everything usable. */
#include <algorithm>
#include <cstring>

#include "cuda_calls.h"
#include "errors.h"
#include "reference.h"

namespace {

using test::says;

constexpr std::int32_t FLOAT32 = EARSHOT_PRECISION_FLOAT32;

/* A linear layer of 3 inputs and 2 outputs. */
const std::vector<std::int32_t> NUMBERS = {3, 2, 0};
const std::vector<float> WEIGHTS = {1, 2, 3, 4, 5, 6, 0.5F, -0.5F};

TEST(cuda_creation_refuses_what_does_not_fit) {
    earshot_cuda_op *op = nullptr;
    const auto create = [&](std::int32_t kind, std::int64_t numbers, std::int64_t weights, std::int32_t precision) {
        return earshot_cuda_op_create(kind, NUMBERS.data(), numbers, WEIGHTS.data(), weights, precision, 0, &op);
    };
    CHECK(says(create(99, 3, 8, FLOAT32), EARSHOT_CUDA_INVALID_ARGUMENT, "kind: 99"));
    CHECK(says(create(EARSHOT_LAYER_LINEAR, 2, 8, FLOAT32), EARSHOT_CUDA_INVALID_ARGUMENT, "numbers: 2"));
    CHECK(says(create(EARSHOT_LAYER_LINEAR, 3, 7, FLOAT32), EARSHOT_CUDA_INVALID_ARGUMENT, "weights: 7 floats"));
    CHECK(says(create(EARSHOT_LAYER_LINEAR, 3, 8, 17), EARSHOT_CUDA_INVALID_ARGUMENT, "precision: 17"));
    CHECK(says(earshot_cuda_op_create(EARSHOT_LAYER_LINEAR, nullptr, 3, WEIGHTS.data(), 8, FLOAT32, 0, &op),
               EARSHOT_CUDA_INVALID_ARGUMENT, "numbers: null"));
    CHECK(says(earshot_cuda_op_create(EARSHOT_LAYER_LINEAR, NUMBERS.data(), 3, nullptr, 8, FLOAT32, 0, &op),
               EARSHOT_CUDA_INVALID_ARGUMENT, "weights: null"));
    CHECK(op == nullptr);
    earshot_cuda_op_destroy(nullptr);
}

TEST(cuda_runs_refuse_places_that_do_not_fit) {
    const test::Operation linear(EARSHOT_LAYER_LINEAR, NUMBERS, WEIGHTS, FLOAT32);
    test::Device device;
    earshot_cuda_memory *memory = device.put(std::vector<float>(16, 1.0F));
    const auto run = [&](std::int64_t input, std::int64_t output, std::int64_t batch) {
        return earshot_cuda_op_run(linear.op, device.stream, memory, input, nullptr, 0, memory, output, nullptr, 0,
                                   batch, 1, 1);
    };
    CHECK(says(run(0, 2, 1), EARSHOT_CUDA_INVALID_ARGUMENT, "overlap"));
    CHECK(says(run(14, 0, 1), EARSHOT_CUDA_INVALID_ARGUMENT, "input 0: 3 floats from 14 on"));
    CHECK(says(run(0, 15, 1), EARSHOT_CUDA_INVALID_ARGUMENT, "output: 2 floats from 15 on"));
    CHECK(says(run(-1, 8, 1), EARSHOT_CUDA_INVALID_ARGUMENT, "input 0"));
    CHECK(says(run(INT64_MAX, 8, 1), EARSHOT_CUDA_INVALID_ARGUMENT, "input 0"));
    CHECK(says(run(0, 8, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "batch 0"));
    CHECK(says(earshot_cuda_op_run(linear.op, device.stream, nullptr, 0, nullptr, 0, memory, 0, nullptr, 0, 1, 1, 1),
               EARSHOT_CUDA_INVALID_ARGUMENT, "input 0: null"));
    CHECK(run(0, 8, 1) == EARSHOT_CUDA_OK);
    const std::vector<float> values = device.get(memory, 16);
    CHECK(values[8] == 6.5F && values[9] == 14.5F && values[10] == 1.0F);
}

TEST(cuda_copies_refuse_what_lies_outside) {
    test::Device device;
    earshot_cuda_memory *memory = device.put({1, 2, 3});
    constexpr std::int64_t END = EARSHOT_CUDA_STAGING_FLOATS;
    CHECK(says(earshot_cuda_upload(device.stream, 0, 4, memory, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "it has 3"));
    CHECK(says(earshot_cuda_upload(device.stream, 0, -1, memory, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "it has 3"));
    CHECK(says(earshot_cuda_upload(device.stream, END - 1, 2, memory, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "staging"));
    CHECK(says(earshot_cuda_upload(device.stream, -1, 1, memory, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "staging"));
    CHECK(says(earshot_cuda_upload(device.stream, 0, 1, nullptr, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "null"));
    CHECK(says(earshot_cuda_download(device.stream, memory, 2, 2, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "it has 3"));
    CHECK(says(earshot_cuda_download(device.stream, memory, -1, 1, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "memory"));
    CHECK(says(earshot_cuda_download(device.stream, memory, 0, 3, END - 2), EARSHOT_CUDA_INVALID_ARGUMENT, "staging"));
    CHECK(earshot_cuda_download(device.stream, memory, 1, 2, END - 2) == EARSHOT_CUDA_OK &&
          earshot_cuda_wait(device.stream) == EARSHOT_CUDA_OK);
    CHECK(earshot_cuda_staging(device.stream)[END - 2] == 2 && earshot_cuda_staging(device.stream)[END - 1] == 3);
}

TEST(cuda_staging_takes_any_number_at_any_place) {
    test::Device device;
    std::vector<float> values(40);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(i + 1);
    }
    float *staging = earshot_cuda_staging(device.stream);
    for (std::int64_t place = 0; place < 5; ++place) {
        for (const std::int64_t count : {0, 1, 3, 4, 5, 33}) {
            std::fill_n(staging, values.size() + 5, 0.0F);
            CHECK(earshot_cuda_stage(device.stream, place, values.data(), 2, count) == EARSHOT_CUDA_OK);
            for (std::int64_t i = 0; i < 45; ++i) {
                const bool inside = i >= place && i < place + count;
                CHECK(staging[i] == (inside ? values[static_cast<std::size_t>(2 + i - place)] : 0.0F));
            }
        }
    }
    constexpr std::int64_t END = EARSHOT_CUDA_STAGING_FLOATS;
    CHECK(says(earshot_cuda_stage(device.stream, END - 1, values.data(), 0, 2), EARSHOT_CUDA_INVALID_ARGUMENT,
               "staging"));
    CHECK(says(earshot_cuda_stage(device.stream, 0, values.data(), -1, 2), EARSHOT_CUDA_INVALID_ARGUMENT, "values"));
    CHECK(says(earshot_cuda_stage(device.stream, 0, values.data(), 0, -1), EARSHOT_CUDA_INVALID_ARGUMENT, "values"));
    CHECK(says(earshot_cuda_stage(device.stream, 0, nullptr, 0, 1), EARSHOT_CUDA_INVALID_ARGUMENT, "values: null"));
}

TEST(cuda_memory_that_is_not_there_is_a_status) {
    test::Device device;
    earshot_cuda_memory *memory = nullptr;
    /* 512 TiB */
    CHECK(says(earshot_cuda_memory_create(device.stream, std::int64_t{1} << 47, &memory), EARSHOT_CUDA_OUT_OF_MEMORY,
               "140737488355328 floats"));
    CHECK(memory == nullptr);
    CHECK(device.get(device.put({7}), 1)[0] == 7);
}

TEST(cuda_a_location_that_is_no_row_is_nan) {
    const test::Operation context(EARSHOT_LAYER_CONTEXT, {2, 1, 1, 1, 0}, {10, 20, 1, 0}, FLOAT32);
    for (const float location : {-1.0F, 2.0F, 0.5F, NAN}) {
        CHECK(std::isnan(test::run(context.op, {location}, {3}, 1, 1, 1)[0]));
    }
    const std::vector<float> known = test::run(context.op, {1, 0}, {3, -4}, 2, 1, 1);
    CHECK(known == std::vector<float>({20, 3, 10, 0}));
}

TEST(cuda_a_device_that_is_not_there_is_said) {
    std::int32_t count = 0;
    CHECK(earshot_cuda_device_count(&count) == EARSHOT_CUDA_OK && count >= 1);
    const std::string expected = "expected 0 to " + std::to_string(count - 1);
    earshot_cuda_stream *stream = nullptr;
    earshot_cuda_op *op = nullptr;
    char text[16] = "";
    for (const std::int32_t device : {-1, count, INT32_MAX, INT32_MIN}) {
        CHECK(says(earshot_cuda_probe(device), EARSHOT_CUDA_INVALID_ARGUMENT, expected.c_str()));
        CHECK(says(earshot_cuda_stream_create(device, &stream), EARSHOT_CUDA_INVALID_ARGUMENT, expected.c_str()));
        CHECK(says(
            earshot_cuda_op_create(EARSHOT_LAYER_LINEAR, NUMBERS.data(), 3, WEIGHTS.data(), 8, FLOAT32, device, &op),
            EARSHOT_CUDA_INVALID_ARGUMENT, expected.c_str()));
        CHECK(says(earshot_cuda_describe(device, text, sizeof text), EARSHOT_CUDA_INVALID_ARGUMENT, expected.c_str()));
        CHECK(earshot_cuda_precision_available(device, FLOAT32) == 0);
        CHECK(stream == nullptr && op == nullptr);
    }
}

TEST(cuda_a_recording_does_what_was_recorded) {
    const test::MambaShape shape = {EARSHOT_AXIS_TIME, EARSHOT_NORM_LAYER, 0, 1, 8, 16, 4, 2, 4};
    const test::Operation path(EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), test::mamba_weights(shape, 7), FLOAT32);
    test::Random random(5);
    const std::vector<float> x = random.vector(9 * 3 * 8, -1.0F, 1.0F);
    const std::vector<float> other = random.vector(9 * 3 * 8, -1.0F, 1.0F);
    std::int64_t scratch_floats = 0;
    CHECK(earshot_cuda_op_scratch(path.op, 1, 9, 3, &scratch_floats) == EARSHOT_CUDA_OK);
    test::Device device;
    earshot_cuda_memory *input = device.put(x);
    earshot_cuda_memory *output = device.put(std::vector<float>(x.size(), NAN));
    earshot_cuda_memory *scratch = device.put(std::vector<float>(static_cast<std::size_t>(scratch_floats), NAN));
    earshot_cuda_graph *graph = nullptr;
    CHECK(says(earshot_cuda_record_end(device.stream, &graph), EARSHOT_CUDA_INVALID_ARGUMENT, "not recording"));
    CHECK(earshot_cuda_record_begin(device.stream) == EARSHOT_CUDA_OK);
    CHECK(says(earshot_cuda_wait(device.stream), EARSHOT_CUDA_INVALID_ARGUMENT, "recording"));
    CHECK(earshot_cuda_op_run(path.op, device.stream, input, 0, nullptr, 0, output, 0, scratch, 0, 1, 9, 3) ==
          EARSHOT_CUDA_OK);
    CHECK_THAT(earshot_cuda_record_end(device.stream, &graph) == EARSHOT_CUDA_OK, earshot_cuda_last_error());
    CHECK(std::isnan(device.get(output, 1)[0]));
    for (const std::vector<float> &values : {x, other}) {
        device.write(values, input);
        CHECK(earshot_cuda_replay(device.stream, graph) == EARSHOT_CUDA_OK);
        CHECK(test::same_bits(device.get(output, 9 * 3 * 8), test::run(path.op, values, {}, 1, 9, 3)));
    }
    earshot_cuda_graph_destroy(graph);
}

TEST(cuda_the_device_is_described) {
    char text[256] = "";
    CHECK(earshot_cuda_describe(0, text, sizeof text) == EARSHOT_CUDA_OK);
    CHECK_THAT(std::strstr(text, "compute capability") != nullptr, text);
    char small[4] = "";
    CHECK(earshot_cuda_describe(0, small, sizeof small) == EARSHOT_CUDA_OK && std::strlen(small) == 3);
    CHECK(says(earshot_cuda_describe(0, text, 0), EARSHOT_CUDA_INVALID_ARGUMENT, "room"));
}

TEST(cuda_creation_says_what_is_wrong) {
    const auto refused = [](std::int32_t kind, const std::vector<std::int32_t> &numbers, std::size_t weights,
                            const std::string &text) {
        const std::vector<float> values(weights, 1.0F);
        earshot_cuda_op *op = nullptr;
        const earshot_cuda_status status =
            earshot_cuda_op_create(kind, numbers.data(), static_cast<std::int64_t>(numbers.size()), values.data(),
                                   static_cast<std::int64_t>(weights), EARSHOT_PRECISION_FLOAT32, 0, &op);
        CHECK_THAT(status == EARSHOT_CUDA_INVALID_ARGUMENT && op == nullptr, text);
        CHECK_THAT(std::string(earshot_cuda_last_error()).find(text) != std::string::npos, earshot_cuda_last_error());
    };
    refused(EARSHOT_LAYER_BAND_NORM, {0}, 0, "bands: expected at least 1");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0}, 0, "numbers: 4; expected 6");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 2, 1}, 0, "numbers: 6; expected 7");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 1, 0}, 0, "scales: expected at least 1 each");
    refused(EARSHOT_LAYER_TOKEN_POOL, {3, 0}, 0, "channels, tokens: expected at least 1 each");
    refused(EARSHOT_LAYER_TRANSFORMER, {6, 4, 1}, 0, "heads: expected a divisor of the width");
    refused(EARSHOT_LAYER_CONCATENATION, {3, 2}, 1, "weights: 1 floats; expected 0");
    refused(EARSHOT_LAYER_RESIDUAL_SEPARABLE, {2, 3, 0}, 0, "shortcut: the identity needs as many inputs as outputs");
    refused(EARSHOT_LAYER_GRU, {2, 0}, 0, "inputs, hidden: expected at least 1 each");
    refused(EARSHOT_LAYER_GRU, {2, 1}, 14, "weights: 14 floats; expected 15");
    refused(EARSHOT_LAYER_GATED_FUSION, {0}, 0, "width: expected at least 1");
}

TEST(cuda_runs_refuse_shapes) {
    const auto refused = [](std::int32_t kind, const std::vector<std::int32_t> &numbers, std::size_t weights,
                            std::int64_t frames, std::int64_t bands, const std::string &text) {
        const test::Operation operation(kind, numbers, std::vector<float>(weights, 1.0F), EARSHOT_PRECISION_FLOAT32);
        std::int64_t floats = 0;
        CHECK_THAT(earshot_cuda_op_output(operation.op, 1, frames, bands, &floats) == EARSHOT_CUDA_INVALID_ARGUMENT,
                   text);
        CHECK_THAT(std::string(earshot_cuda_last_error()).find(text) != std::string::npos, earshot_cuda_last_error());
    };
    refused(EARSHOT_LAYER_BAND_NORM, {3}, 6, 5, 4, "shape: 4 bands; expected 3");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 1, 1, 1}, 12, 1, 9, "than the pooling takes, 2");
    refused(EARSHOT_LAYER_RESIDUAL_SEPARABLE, {1, 1, 0}, 21, 9, 1, "than the pooling takes, 2");
    refused(EARSHOT_LAYER_TRANSFORMER, {1, 1, 1}, 16, 5, 2, "shape: expected bands 1 for tokens");
    refused(EARSHOT_LAYER_GRU, {6, 1}, 27, 5, 4, "shape: 4 bands; expected a divisor of 6");
    refused(EARSHOT_LAYER_CONCATENATION, {3, 2}, 0, 2, 1, "shape: expected frames and bands 1");
}

} // namespace
