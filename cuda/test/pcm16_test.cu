/* Samples of 16 bits on their way to the device: which values count as such, and that all arrive to the last bit. */
#include <cmath>
#include <cstring>
#include <limits>

#include "cuda_calls.h"
#include "pcm16.h"

namespace {

/* Every sample there is, over and over. */
std::vector<float> samples(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(static_cast<std::int16_t>(i * 40503)) / 32768;
    }
    return values;
}

bool same_bits(const std::vector<float> &a, const std::vector<float> &b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/* To a place that begins where narrowing wants it to. */
bool narrows(const std::vector<float> &values) {
    struct alignas(32) Line {
        std::uint16_t codes[16];
    };
    std::vector<Line> lines(values.size() / 16 + 1);
    return earshot::narrow_to_pcm16(values.data(), static_cast<std::int64_t>(values.size()), lines.data());
}

constexpr std::int64_t MANY = earshot::LEAST_PCM16;

} // namespace

TEST(pcm16_is_what_is_a_sample_to_the_last_bit) {
    const bool can = earshot::can_narrow_to_pcm16();
    CHECK(narrows(samples(1 << 16)) == can);
    CHECK(narrows({0.0F, -1.0F, 32767.0F / 32768}) == can);
    for (const float other : {-0.0F, 1.0F, -1.0F - 0x1p-15F, 0x1p-16F, -0x1p-16F, 0.1F, 1e-30F, -1e-30F, 384.0F, 1e30F,
                              -1e30F, std::nextafter(0.5F, 1.0F), std::nextafter(-1.0F, 0.0F),
                              std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()}) {
        for (const std::size_t at : {0, 7, 15, 4099, 9984, 9999}) {
            std::vector<float> values = samples(10000);
            values[at] = other;
            CHECK(!narrows(values));
        }
    }
}

TEST(pcm16_arrives_at_any_place_beside_anything) {
    for (std::int64_t front = 0; front < 5; ++front) {
        for (const std::int64_t count : {MANY - 1, MANY, MANY + 1, MANY + 7, MANY * 2 + 3}) {
            test::Device device;
            /* Some values, samples of 16 bits, values again: one behind the other, and sent together. */
            const std::vector<float> clip = samples(count);
            const std::vector<float> other = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F};
            std::vector<float> expected(other.begin(), other.begin() + front);
            expected.insert(expected.end(), clip.begin(), clip.end());
            expected.insert(expected.end(), other.begin(), other.end());
            const auto all = static_cast<std::int64_t>(expected.size());
            earshot_cuda_memory *memory = device.put(std::vector<float>(static_cast<std::size_t>(all + 2), -7.0F));
            CHECK(earshot_cuda_stage(device.stream, 9, other.data(), 0, front) == EARSHOT_CUDA_OK);
            CHECK(earshot_cuda_stage(device.stream, 9 + front, clip.data(), 0, count) == EARSHOT_CUDA_OK);
            CHECK(earshot_cuda_stage(device.stream, 9 + front + count, other.data(), 0, 5) == EARSHOT_CUDA_OK);
            CHECK(earshot_cuda_upload(device.stream, 9, all, memory, 1) == EARSHOT_CUDA_OK);
            const std::vector<float> got = device.get(memory, all + 2);
            CHECK(same_bits({got.begin() + 1, got.end() - 1}, expected));
            CHECK(got.front() == -7 && got.back() == -7);
        }
    }
}

TEST(pcm16_that_is_not_quite_arrives_as_it_is) {
    test::Device device;
    std::vector<float> values = samples(3 * MANY);
    values[static_cast<std::size_t>(3 * MANY - 1)] = 0.1F;
    CHECK(same_bits(device.get(device.put(values), 3 * MANY), values));
}

TEST(pcm16_makes_way_for_what_is_staged_over_it) {
    test::Device device;
    const std::vector<float> clip = samples(MANY);
    std::vector<float> other(clip.size(), 0.3F);
    earshot_cuda_memory *memory = device.put(other);
    CHECK(earshot_cuda_stage(device.stream, 0, clip.data(), 0, MANY) == EARSHOT_CUDA_OK);
    CHECK(earshot_cuda_stage(device.stream, 0, other.data(), 0, MANY) == EARSHOT_CUDA_OK);
    CHECK(earshot_cuda_upload(device.stream, 0, MANY, memory, 0) == EARSHOT_CUDA_OK);
    CHECK(same_bits(device.get(memory, MANY), other));
    /* And for what the host itself writes there after a wait. */
    CHECK(earshot_cuda_stage(device.stream, 0, clip.data(), 0, MANY) == EARSHOT_CUDA_OK);
    CHECK(earshot_cuda_wait(device.stream) == EARSHOT_CUDA_OK);
    std::copy(other.begin(), other.end(), earshot_cuda_staging(device.stream));
    CHECK(earshot_cuda_upload(device.stream, 0, MANY, memory, 0) == EARSHOT_CUDA_OK);
    CHECK(same_bits(device.get(memory, MANY), other));
}

TEST(pcm16_is_sent_from_its_beginning) {
    test::Device device;
    const std::vector<float> clip = samples(MANY);
    earshot_cuda_memory *memory = device.put(clip);
    CHECK(earshot_cuda_stage(device.stream, 4, clip.data(), 0, MANY) == EARSHOT_CUDA_OK);
    const bool can = earshot::can_narrow_to_pcm16();
    CHECK(!can || test::says(earshot_cuda_upload(device.stream, 5, MANY - 1, memory, 0), EARSHOT_CUDA_INVALID_ARGUMENT,
                             "expected their beginning"));
    /* But as far as is wanted. */
    CHECK(earshot_cuda_upload(device.stream, 4, MANY - 5, memory, 0) == EARSHOT_CUDA_OK);
    CHECK(same_bits(device.get(memory, MANY), clip));
}
