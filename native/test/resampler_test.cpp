/* The resampler's products: the bits of sums in the order that the boundary names, and what those sums are. */
#include <cmath>

#include "errors.h"
#include "harness.h"
#include "modes.h"

namespace {

struct Ratio {
    std::int64_t up, down, taps;

    std::int64_t repeats() const { return (taps + down - 1) / down; }
};

/* A block, with arrays of exactly the size that it needs. */
struct Block {
    Ratio ratio;
    std::int64_t first, count;
    std::vector<float> coefficients, window;
    std::size_t scratch;

    Block(Ratio of, std::int64_t first_output, std::int64_t outputs) : ratio(of), first(first_output), count(outputs) {
        test::Random random(static_cast<std::uint64_t>(outputs + of.taps));
        const std::int64_t of_period = ratio.up * ratio.repeats();
        const std::int64_t periods = (count + of_period - 1) / of_period;
        const std::int64_t phases = count < of_period ? count : of_period;
        const std::int64_t rows = input_at(phases - 1) + ratio.taps;
        coefficients = random.vector(ratio.up * ratio.taps, -1.0F, 1.0F);
        window = random.vector((periods - 1) * ratio.down * ratio.repeats() + rows, -1.0F, 1.0F);
        scratch = static_cast<std::size_t>(32 * rows + 16);
    }

    /* Input of the window with which output n of the block begins. */
    std::int64_t input_at(std::int64_t n) const {
        return (first + n) * ratio.down / ratio.up - first * ratio.down / ratio.up;
    }
    const float *taps_of(std::int64_t n) const { return coefficients.data() + (first + n) % ratio.up * ratio.taps; }

    earshot_cpu_status run(std::int32_t isa, std::vector<float> &output) const {
        std::vector<float> work(scratch, NAN);
        output.assign(static_cast<std::size_t>(count), NAN);
        return earshot_cpu_resample(isa, coefficients.data(), static_cast<std::int64_t>(coefficients.size()), ratio.up,
                                    ratio.down, window.data(), static_cast<std::int64_t>(window.size()), first,
                                    output.data(), count, work.data(), static_cast<std::int64_t>(work.size()));
    }
};

void compare(const Block &block) {
    std::vector<float> expected;
    for (std::int64_t n = 0; n < block.count; ++n) {
        const float *taps = block.taps_of(n);
        const float *x = block.window.data() + block.input_at(n);
        float sum = 0;
        double exact = 0;
        double magnitudes = 0;
        for (std::int64_t tap = 0; tap < block.ratio.taps; tap += 4) {
            sum += (taps[tap] * x[tap] + taps[tap + 1] * x[tap + 1]) +
                   (taps[tap + 2] * x[tap + 2] + taps[tap + 3] * x[tap + 3]);
            for (std::int64_t i = tap; i < tap + 4; ++i) {
                const double product = static_cast<double>(taps[i]) * static_cast<double>(x[i]);
                exact += product;
                magnitudes += std::abs(product);
            }
        }
        expected.push_back(sum);
        /* Each product takes part in at most taps / 4 + 3 roundings. */
        const double bound = 0x1p-24 * static_cast<double>(block.ratio.taps / 4 + 3) * magnitudes;
        CHECK(std::abs(static_cast<double>(sum) - exact) <= bound);
    }
    for (const std::int32_t isa : test::isas()) {
        std::vector<float> actual;
        CHECK(block.run(isa, actual) == EARSHOT_CPU_OK);
        CHECK_THAT(test::same_bits(actual, expected),
                   std::string(earshot_cpu_isa_name(isa)) + ": " + std::to_string(block.ratio.up) + " / " +
                       std::to_string(block.ratio.down) + " from " + std::to_string(block.first) + ", " +
                       std::to_string(block.count) + " outputs");
    }
}

/* Less than a period, whole periods and parts of one, more periods than are computed together. */
TEST(resampler_sums) {
    for (const Ratio ratio : {Ratio{3, 2, 12}, Ratio{2, 7, 20}, Ratio{1, 5, 4}, Ratio{5, 1, 8}, Ratio{147, 160, 216}}) {
        const std::int64_t period = ratio.up * ratio.repeats();
        for (const std::int64_t count :
             {std::int64_t{1}, period - 1, period, period + 1, 5 * period + 1, 31 * period, 37 * period - 2}) {
            for (const std::int64_t first : {std::int64_t{0}, std::int64_t{1}, std::int64_t{123456789}}) {
                if (count > 0 && count < 12000) {
                    compare(Block(ratio, first, count));
                }
            }
        }
    }
}

TEST(resampler_refuses) {
    const Block right({3, 2, 12}, 4, 40);
    std::vector<float> output;
    CHECK(right.run(EARSHOT_CPU_ISA_BEST, output) == EARSHOT_CPU_OK);
    CHECK(right.run(7, output) == EARSHOT_CPU_INVALID_ARGUMENT);
    const auto refuses = [&](auto change) {
        Block wrong = right;
        change(wrong);
        CHECK(wrong.run(EARSHOT_CPU_ISA_BEST, output) == EARSHOT_CPU_INVALID_ARGUMENT);
    };
    refuses([](Block &block) { block.window.pop_back(); });
    refuses([](Block &block) { --block.scratch; });
    refuses([](Block &block) { block.coefficients.pop_back(); });
    refuses([](Block &block) { block.coefficients.clear(); });
    refuses([](Block &block) { block.ratio.up = 0; });
    refuses([](Block &block) { block.ratio.down = -1; });
    refuses([](Block &block) { block.ratio.down = std::int64_t{1} << 40; });
    refuses([](Block &block) { block.first = -1; });
    refuses([](Block &block) { block.first = INT64_MAX; });
    refuses([](Block &block) { block.count = 0; });
}

} // namespace
