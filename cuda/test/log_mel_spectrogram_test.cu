/* The log-mel kernels against a Fourier transform written down as its definition says, in float64. */
#include "log_mel_kernels.h"

#include <cstring>

#include "cuda_calls.h"
#include "device_array.h"
#include "log_mel_checks.h"
#include "runtime.h"

namespace {

using namespace earshot;
using namespace test::log_mel;

/* Runs the kernels on clips of equal length. */
std::vector<float> computed(const Setting &setting, const std::vector<Filter> &filters,
                            const std::vector<Clip> &clips) {
    std::vector<std::int32_t> first_bin;
    std::vector<std::int32_t> first_weight = {0};
    std::vector<float> weights;
    for (const Filter &filter : filters) {
        first_bin.push_back(filter.first);
        weights.insert(weights.end(), filter.weights.begin(), filter.weights.end());
        first_weight.push_back(static_cast<std::int32_t>(weights.size()));
    }
    const std::size_t samples = clips[0].size();
    const DeviceArray<float> pcm(joined(clips));
    const DeviceArray<double> window(hann_window(setting.window_length));
    const DeviceArray<Complex> roots(roots_of_unity(setting.n_fft));
    const DeviceArray<std::int32_t> bins(first_bin);
    const DeviceArray<std::int32_t> starts(first_weight);
    const DeviceArray<float> on_device(weights);
    const auto batch = static_cast<std::int32_t>(clips.size());
    const test::DeviceArray features(std::int64_t{batch} * setting.kept(samples) * setting.bands);
    const test::DeviceArray loudest(std::int64_t{batch} * setting.frames(samples));
    const LogMel log_mel = {batch,
                            static_cast<std::int64_t>(samples),
                            setting.n_fft,
                            setting.window_length,
                            setting.hop,
                            setting.bands,
                            setting.frames(samples),
                            setting.kept(samples),
                            setting.reflect,
                            TOP_DECIBEL,
                            pcm.span(),
                            window.span(),
                            roots.span(),
                            bins.span(),
                            starts.span(),
                            on_device.span(),
                            features.span(),
                            loudest.span()};
    CHECK(enqueue(log_mel, nullptr) == cudaSuccess);
    return features.values();
}

#define CHECK_OF(name)                                                                                                 \
    TEST(log_mel_##name) {                                                                                             \
        test::log_mel::name(computed);                                                                                 \
    }
EARSHOT_LOG_MEL_CHECKS(CHECK_OF)
#undef CHECK_OF

TEST(log_mel_refuses_other_lengths) {
    for (const std::int32_t n_fft : {-16, 0, 8, 24, 2047, 3000, 8192}) {
        CHECK(!can_transform(n_fft));
        LogMel log_mel = {};
        log_mel.batch = 1;
        log_mel.frames = 1;
        log_mel.kept = 1;
        log_mel.n_fft = n_fft;
        CHECK(enqueue(log_mel, nullptr) == cudaErrorInvalidValue);
    }
}

TEST(log_mel_over_the_boundary) {
    const Setting setting = {128, 100, 60, 9, 5, true};
    const std::vector<Filter> some = filters(setting, 5);
    const std::vector<Clip> clips = {noise(400, 1.0F, 1), noise(400, 1e-5F, 2)};
    const Packed packed(setting, some);
    const test::Operation operation(EARSHOT_LAYER_LOG_MEL, packed.numbers, packed.weights, EARSHOT_PRECISION_FLOAT32);
    CHECK(test::run(operation.op, joined(clips), {}, 2, 400, 1) == computed(setting, some, clips));

    std::int64_t floats = 0;
    CHECK(earshot_cuda_op_output(operation.op, 2, 400, 1, &floats) == EARSHOT_CUDA_OK && floats == 2 * 5 * 9);
    CHECK(earshot_cuda_op_output(operation.op, 2, 400, 2, &floats) == EARSHOT_CUDA_INVALID_ARGUMENT);
    CHECK(earshot_cuda_op_output(operation.op, INT32_MAX, INT32_MAX, 1, &floats) == EARSHOT_CUDA_OK);
    CHECK(floats == std::int64_t{INT32_MAX} * 5 * 9);
}

TEST(log_mel_refuses_wrong_numbers) {
    const Setting setting = {128, 100, 60, 3, 5, true};
    const Packed right(setting, filters(setting, 5));
    const auto require_text = [](const Packed &packed, earshot_cuda_status expected, const char *text) {
        earshot_cuda_op *op = nullptr;
        CHECK(earshot_cuda_op_create(EARSHOT_LAYER_LOG_MEL, packed.numbers.data(),
                                     static_cast<std::int64_t>(packed.numbers.size()), packed.weights.data(),
                                     static_cast<std::int64_t>(packed.weights.size()), EARSHOT_PRECISION_FLOAT32, 0,
                                     &op) == expected);
        CHECK(op == nullptr);
        CHECK_THAT(std::strstr(earshot_cuda_last_error(), text) != nullptr, earshot_cuda_last_error());
    };
    const auto require_number = [&](std::size_t index, std::int32_t value, earshot_cuda_status expected,
                                    const char *text) {
        Packed wrong = right;
        wrong.numbers[index] = value;
        require_text(wrong, expected, text);
    };
    require_number(0, 8192, EARSHOT_CUDA_UNSUPPORTED, "n_fft: 8192");
    require_number(0, 129, EARSHOT_CUDA_UNSUPPORTED, "n_fft: 129");
    require_number(0, 0, EARSHOT_CUDA_INVALID_ARGUMENT, "n_fft");
    require_number(1, 129, EARSHOT_CUDA_INVALID_ARGUMENT, "window length");
    require_number(2, 0, EARSHOT_CUDA_INVALID_ARGUMENT, "hop");
    require_number(3, 2, EARSHOT_CUDA_INVALID_ARGUMENT, "numbers");
    require_number(4, 0, EARSHOT_CUDA_INVALID_ARGUMENT, "frames");
    require_number(5, 2, EARSHOT_CUDA_INVALID_ARGUMENT, "padding");
    require_number(6, -1, EARSHOT_CUDA_INVALID_ARGUMENT, "bins");
    require_number(10, INT32_MAX, EARSHOT_CUDA_INVALID_ARGUMENT, "bins");
    require_number(11, 4, EARSHOT_CUDA_INVALID_ARGUMENT, "bins");
    Packed wrong = right;
    wrong.weights.back() = 0;
    require_text(wrong, EARSHOT_CUDA_INVALID_ARGUMENT, "top dB");
    wrong.weights.pop_back();
    require_text(wrong, EARSHOT_CUDA_INVALID_ARGUMENT, "weights");
}

} // namespace
