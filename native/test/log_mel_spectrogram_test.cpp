/* The log-mel spectrogram against its definition, for every instruction set. */
#include <cstring>

#include "compare.h"
#include "log_mel_checks.h"

namespace {

using namespace test::log_mel;

test::Packed packed(const Setting &setting, const std::vector<Filter> &some) {
    const Packed as_it_comes(setting, some);
    return {EARSHOT_LAYER_LOG_MEL, as_it_comes.numbers, as_it_comes.weights};
}

/* By one instruction set; by several threads the bits are the same. */
class Computed {
  public:
    explicit Computed(std::int32_t isa) : isa_(isa) {}

    std::vector<float> operator()(const Setting &setting, const std::vector<Filter> &some,
                                  const std::vector<Clip> &clips) const {
        test::Operation operation;
        CHECK(test::made(packed(setting, some), {isa_, EARSHOT_PRECISION_FLOAT32}, operation));
        const auto batch = static_cast<std::int64_t>(clips.size());
        const auto samples = static_cast<std::int64_t>(clips[0].size());
        const std::vector<float> one = test::run(operation.op, 1, joined(clips), {}, batch, samples, 1);
        CHECK(test::same_bits(one, test::run(operation.op, 3, joined(clips), {}, batch, samples, 1)));
        return one;
    }

  private:
    std::int32_t isa_;
};

#define CHECK_OF(name)                                                                                                 \
    TEST(log_mel_##name) {                                                                                             \
        for (const std::int32_t isa : test::isas()) {                                                                  \
            test::log_mel::name(Computed(isa));                                                                        \
        }                                                                                                              \
    }
EARSHOT_LOG_MEL_CHECKS(CHECK_OF)
#undef CHECK_OF

TEST(log_mel_refuses_other_lengths) {
    for (const std::int32_t n_fft : {8, 24, 2047, 3000, 8192}) {
        const Setting setting = {n_fft, 8, 8, 2, 10, false};
        earshot_cpu_op *op = nullptr;
        CHECK(test::create(packed(setting, filters(setting, 1)), {}, &op) == EARSHOT_CPU_UNSUPPORTED);
        CHECK(op == nullptr && std::strstr(earshot_cpu_last_error(), "n_fft") != nullptr);
    }
}

/* Frames one by one, by groups and by runs have the same bits, wherever in a group they are and whatever is around. */
TEST(log_mel_frames_are_their_own) {
    const Setting setting = {256, 200, 90, 11, 1000, true};
    const std::vector<Filter> some = filters(setting, 3);
    const Clip clip = noise(4000, 0.3F, 8);
    const auto samples = static_cast<std::int64_t>(clip.size());
    const std::int64_t frames = setting.frames(clip.size());
    for (const std::int32_t isa : test::isas()) {
        test::Operation operation;
        CHECK(test::made(packed(setting, some), {isa, EARSHOT_PRECISION_FLOAT32}, operation));
        std::int64_t needed = 0;
        CHECK(earshot_cpu_log_mel_frames_scratch(operation.op, &needed) == EARSHOT_CPU_OK);
        std::vector<float> scratch(static_cast<std::size_t>(needed));
        std::vector<double> loudest(static_cast<std::size_t>(frames));
        const auto levels = [&](std::int64_t step) {
            std::vector<float> all;
            for (std::int64_t from = 0; from < frames; from += step) {
                const std::int64_t to = std::min(frames, from + step);
                std::vector<float> part(static_cast<std::size_t>((to - from) * setting.bands));
                CHECK(earshot_cpu_log_mel_frames(operation.op, clip.data(), samples, from, to, part.data(),
                                                 static_cast<std::int64_t>(part.size()), loudest.data() + from,
                                                 to - from, scratch.data(), needed) == EARSHOT_CPU_OK);
                all.insert(all.end(), part.begin(), part.end());
            }
            return all;
        };
        std::vector<float> together = levels(frames);
        const std::vector<double> loudest_together = loudest;
        for (const std::int64_t step : {1, 3, 8}) {
            CHECK(test::same_bits(levels(step), together));
            CHECK(loudest == loudest_together);
        }
        const auto least = static_cast<float>(*std::max_element(loudest.begin(), loudest.end()) - TOP_DECIBEL);
        for (float &level : together) {
            level = std::max(level, least);
        }
        CHECK(test::same_bits(test::run(operation.op, 2, clip, {}, 1, samples, 1), together));
    }
}

TEST(log_mel_frames_refuses) {
    const Setting setting = {16, 16, 8, 2, 10, false};
    test::Operation operation;
    test::Operation other;
    CHECK(test::made(packed(setting, filters(setting, 1)), {}, operation));
    CHECK(test::made({EARSHOT_LAYER_TOKEN_POOL, {3, 4}, {}}, {}, other));
    std::int64_t needed = 0;
    CHECK(earshot_cpu_log_mel_frames_scratch(operation.op, &needed) == EARSHOT_CPU_OK);
    CHECK(earshot_cpu_log_mel_frames_scratch(operation.op, nullptr) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(earshot_cpu_log_mel_frames_scratch(other.op, &needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    const Clip clip(80);
    float levels[6];
    double loudest[3];
    std::vector<float> scratch(static_cast<std::size_t>(needed));
    const auto run = [&](const earshot_cpu_op *op, std::int64_t samples, std::int64_t from, std::int64_t to,
                         std::int64_t level_count, std::int64_t loudest_count, std::int64_t scratch_count) {
        return earshot_cpu_log_mel_frames(op, clip.data(), samples, from, to, levels, level_count, loudest,
                                          loudest_count, scratch.data(), scratch_count);
    };
    CHECK(run(operation.op, 80, 8, 11, 6, 3, needed) == EARSHOT_CPU_OK);
    CHECK(run(operation.op, 80, 2, 2, 0, 0, needed) == EARSHOT_CPU_OK);
    CHECK(run(nullptr, 80, 8, 11, 6, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(other.op, 80, 8, 11, 6, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 0, 0, 1, 6, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 80, -1, 1, 6, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 80, 3, 2, 6, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 80, 9, 12, 6, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 80, 8, 11, 5, 3, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 80, 8, 11, 6, 2, needed) == EARSHOT_CPU_INVALID_ARGUMENT);
    CHECK(run(operation.op, 80, 8, 11, 6, 3, needed - 1) == EARSHOT_CPU_INVALID_ARGUMENT);
}

} // namespace
