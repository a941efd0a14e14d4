/* Just enough of a test framework: named tests, checks that count, and numbers that are the same on every machine. */
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace test {

struct Case {
    const char *name;
    void (*body)();
};

inline std::vector<Case> &cases() {
    static std::vector<Case> all;
    return all;
}

inline int &failures() {
    static int count = 0;
    return count;
}

struct Register {
    Register(const char *name, void (*body)()) { cases().push_back({name, body}); }
};

inline void check(bool condition, const char *text, const char *file, int line, const std::string &detail) {
    if (!condition && ++failures() <= 40) {
        std::printf("  %s:%d: %s %s\n", file, line, text, detail.c_str());
    }
}

#define TEST(name)                                                                                                     \
    static void name();                                                                                                \
    static const test::Register register_##name(#name, name);                                                          \
    static void name()
#define CHECK(condition) test::check((condition), #condition, __FILE__, __LINE__, "")
#define CHECK_THAT(condition, detail) test::check((condition), #condition, __FILE__, __LINE__, detail)

/* A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere. */
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}

    std::uint32_t bits() {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::uint32_t>(state_ >> 32U);
    }
    /* Uniform in [low, high). */
    float uniform(float low, float high) { return low + (high - low) * static_cast<float>(bits() >> 8U) * 0x1p-24F; }
    std::vector<float> vector(std::int64_t count, float low, float high) {
        std::vector<float> values(static_cast<std::size_t>(count));
        for (float &v : values) {
            v = uniform(low, high);
        }
        return values;
    }

  private:
    std::uint64_t state_;
};

} // namespace test
