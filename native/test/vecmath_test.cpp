/* exp, SiLU, softplus and the decay against double precision, over every 509th float of both signs. */
#include <cstring>
#include <functional>

#include "harness.h"
#include "modes.h"
#include "vecmath_table.h"

namespace {

constexpr std::size_t BLOCK = 4096;

std::vector<const test::VectorMath *> tables() {
    std::vector<const test::VectorMath *> found = {&test::BASELINE_MATH};
#if defined(__x86_64__)
    if (earshot_cpu_isa_available(EARSHOT_CPU_ISA_AVX2) == 1) {
        found.push_back(&test::AVX2_MATH);
    }
    if (earshot_cpu_isa_available(EARSHOT_CPU_ISA_AVX512) == 1) {
        found.push_back(&test::AVX512_MATH);
    }
    if (earshot_cpu_bf16_available() == 1) {
        found.push_back(&test::AVX512_BF16_MATH);
    }
#endif
    return found;
}

using Function = void (*)(const float *, float *, std::ptrdiff_t);

/* Calls `see` with every 509th finite float from low to high and what the function makes of it. */
void sweep(Function function, float low, float high, const std::function<void(double, double)> &see) {
    std::vector<float> x;
    std::vector<float> y(BLOCK);
    const auto flush = [&] {
        const std::size_t count = x.size();
        x.resize(BLOCK, 0.0F);
        function(x.data(), y.data(), static_cast<std::ptrdiff_t>(BLOCK));
        for (std::size_t i = 0; i < count; ++i) {
            see(static_cast<double>(x[i]), static_cast<double>(y[i]));
        }
        x.clear();
    };
    for (std::uint64_t bits = 0; bits < 0x100000000ULL; bits += 509) {
        const std::uint32_t pattern = static_cast<std::uint32_t>(bits);
        float value = 0;
        std::memcpy(&value, &pattern, sizeof value);
        if (value >= low && value <= high) {
            x.push_back(value);
            if (x.size() == BLOCK) {
                flush();
            }
        }
    }
    flush();
}

template <class Error>
double worst_of(Function function, float low, float high, const Error &error) {
    double worst = 0;
    sweep(function, low, high, [&](double x, double y) {
        const double e = error(x, y);
        worst = e <= worst ? worst : std::isnan(e) ? static_cast<double>(INFINITY) : e;
    });
    return worst;
}

std::string said(const test::VectorMath *math, double worst) {
    return std::string(math->name) + ": " + std::to_string(worst * 1e7) + "e-7";
}

/* The polynomial's 9.2e-8 and a few roundings of 6e-8. */
constexpr double RELATIVE = 2.5e-7;
/* What exp returns where the true value is smaller: its clamps at 2^-126. */
constexpr double TINY = 1.3e-38;

TEST(exp_over_all_floats) {
    for (const test::VectorMath *math : tables()) {
        const double two = worst_of(math->exp2, -3.4e38F, 100.0F, [](double x, double y) {
            return std::fabs(y - std::exp2(x)) / (std::exp2(x) + TINY / RELATIVE);
        });
        CHECK_THAT(two <= RELATIVE, said(math, two));
        const double e = worst_of(math->exp, -3.4e38F, 69.0F, [](double x, double y) {
            return std::fabs(y - std::exp(x)) / (std::exp(x) + TINY / RELATIVE);
        });
        CHECK_THAT(e <= RELATIVE, said(math, e));
    }
}

/* What may be off where e^x goes in: the exponential's 2.8e-7, a few roundings, those of x log2(e) and the 1.3e-8 that
 * float32's log2(e) lacks; coarsely 1.1e-4 and 6.1e-5 of a quotient or of log1p. */
double gate_tolerance(const test::VectorMath *math, double x) {
    return (math->coarse ? 1.8e-4 : 5e-7) + 8e-8 * std::fabs(x);
}
/* What softplus returns where the true value is smaller: e^-82. */
constexpr double LEAST_STEP = 2.5e-36;

/* Relative, but for what lies below 1e-27: there the clamp at e^69 shows. */
TEST(silu_over_all_floats) {
    for (const test::VectorMath *math : tables()) {
        const double worst = worst_of(math->silu, -1e4F, 3.4e38F, [math](double x, double y) {
            const double expected = x / (1 + std::exp(-x));
            return std::fabs(y - expected) / (std::fabs(expected) + 1e-19) / gate_tolerance(math, x < 0 ? x : 0);
        });
        CHECK_THAT(worst <= 1, said(math, worst * gate_tolerance(math, 0)));
    }
}

TEST(softplus_over_all_floats) {
    for (const test::VectorMath *math : tables()) {
        const double worst = worst_of(math->softplus, -3.4e38F, 3.4e38F, [math](double x, double y) {
            const double expected = x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
            return std::fabs(y - expected) / (expected + LEAST_STEP / 5e-7) / gate_tolerance(math, x < 0 ? x : 0);
        });
        CHECK_THAT(worst <= 1, said(math, worst * gate_tolerance(math, 0)));
    }
}

TEST(decay_over_all_steps) {
    for (const test::VectorMath *math : tables()) {
        /* x itself is only known to 6e-8 of itself: that is the error of a large step. */
        const double any = worst_of(math->decay, -3.4e38F, 0.0F, [](double x, double y) {
            return std::fabs(y - std::exp2(x)) / (std::exp2(x) + TINY / RELATIVE);
        });
        CHECK_THAT(any <= RELATIVE, said(math, any));
        if (!math->fast_decay) {
            continue;
        }
        /* The polynomial's error, at most 2.8e-7, and x or x + 1.45 rounded to 2^-24 of its binade: 4.2e-8 for each unit
         * up to |x| = 119; coarsely 1.1e-4. */
        const double value = worst_of(math->fast, -119.0F, 0.0F,
                                      [](double x, double y) { return std::fabs(y / std::exp2(x) - 1) / (1 - x / 4); });
        CHECK_THAT(value <= (math->coarse ? 1.1e-4 : 5e-7), said(math, value));
        /* A slow decay stays as slow: the exponent is off by at most 1e-5 of itself, or by a rounding of 1;
         * coarsely 0.8 % of itself, as a straight line between steps of 1/32 is. */
        const double rate = worst_of(math->fast, -1.0F / 32, 0.0F, [](double x, double y) {
            const double off = std::fabs(std::log2(y) - x) - 2.2e-7;
            return off <= 0 ? 0.0 : off / -x;
        });
        CHECK_THAT(rate <= (math->coarse ? 8e-3 : 1.05e-5), said(math, rate));
    }
}

TEST(not_a_number_stays_one) {
    for (const test::VectorMath *math : tables()) {
        const std::vector<float> x(static_cast<std::size_t>(math->width), NAN);
        std::vector<float> y = x;
        for (const Function function : {math->exp2, math->exp, math->silu, math->softplus, math->decay}) {
            y.assign(y.size(), 0.0F);
            function(x.data(), y.data(), math->width);
            CHECK(std::isnan(y[0]));
        }
    }
}

} // namespace
