/*
 * Products of warpgroups against their formula, with the bound of tensor_core_test.cu; on a device this asks the
 * hardware what the descriptor's distances mean, and how it adds up. B comes by the copy engine.
 */
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "device_array.h"
#include "factors.h"
#include "harness.h"
#include "runtime.h"
#include "vectors.h"
#include "warpgroup.h"

namespace {

using earshot::FACTOR_UNIT;
using earshot::WARPGROUP_COLUMNS;
using earshot::WARPGROUP_ROWS;
using earshot::WARPGROUP_THREADS;

/* Columns in front of B and behind it, so that it begins where no group of 8 does. */
constexpr int BEFORE = 3;
constexpr int RUN = WARPGROUP_COLUMNS + 8;
constexpr int UNIT_WORDS = FACTOR_UNIT / 4;
constexpr int RUN_WORDS = RUN * UNIT_WORDS;
constexpr int A_WORDS = WARPGROUP_ROWS * 8;
constexpr int TILE_SUMS = WARPGROUP_ROWS * WARPGROUP_COLUMNS;
/* As many runs as there are groups of columns, so that the distances may be swapped. */
constexpr int RUNS = WARPGROUP_COLUMNS / 8;
constexpr int SHARED_BYTES = RUNS * RUN_WORDS * 4 + 8;

/* sums[tile] = [sums[tile] +] a[tile] b[tile]; a: rows of 8 words, b: RUNS runs of RUN columns of 4 words each, of which
   the first two count. `swapped`: the distances in each other's place. */
template <earshot::Word W, bool FROM_ZERO>
__global__ void __launch_bounds__(WARPGROUP_THREADS)
    multiply_once(earshot::Span<const std::uint32_t> a, earshot::Span<const std::uint32_t> b, earshot::Span<float> sums,
                  bool swapped) {
    earshot::begin_kernel();
    const earshot::Shared<std::uint32_t> runs(0, RUNS * RUN_WORDS);
    const earshot::Shared<std::uint64_t> barriers(RUNS * RUN_WORDS * 4, 1);
    const int thread = static_cast<int>(threadIdx.x);
    const int lane = thread % 32;
    const std::int64_t tile = blockIdx.x;
    if (thread == 0) {
        earshot::make_barrier(barriers, 0, 1);
        earshot::show_to_copies();
    }
    __syncthreads();
    if (thread == 0) {
        earshot::arrive_expecting(barriers, 0, RUNS * RUN_WORDS * 4);
        for (int run = 0; run < RUNS; ++run) {
            earshot::copy_run(runs, run * RUN_WORDS, b, (tile * RUNS + run) * RUN_WORDS, RUN_WORDS, barriers, 0);
        }
    }
    earshot::FragmentA fragment;
    for (int i = 0; i < 4; ++i) {
        fragment.word[i] = a[tile * A_WORDS + (thread / 32 * 16 + lane / 4 + i % 2 * 8) * 8 + lane % 4 + i / 2 * 4];
    }
    const auto place = [&](int i) {
        return tile * TILE_SUMS + (thread / 32 * 16 + lane / 4 + i / 2 % 2 * 8) * WARPGROUP_COLUMNS + i / 4 * 8 +
               lane % 4 * 2 + i % 2;
    };
    earshot::WarpgroupSums d;
    for (int i = 0; i < 32; ++i) {
        d.v[i] = sums[place(i)];
    }
    earshot::wait_for_phase(barriers, 0, 0);
    constexpr int GROUP = 8 * FACTOR_UNIT;
    const earshot::WarpgroupFactor factor = earshot::warpgroup_factor(
        BEFORE * FACTOR_UNIT, swapped ? GROUP : RUN_WORDS * 4, swapped ? RUN_WORDS * 4 : GROUP);
    earshot::hold(d);
    earshot::begin_products();
    earshot::warpgroup_multiply<W, FROM_ZERO>(d, fragment, factor);
    earshot::commit_products();
    earshot::wait_for_products<0>();
    earshot::hold(d);
    for (int i = 0; i < 32; ++i) {
        sums[place(i)] = d.v[i];
    }
}

template <earshot::Word W, bool FROM_ZERO>
void compare(earshot::Arithmetic arithmetic) {
    constexpr std::int64_t TILES = 8;
    constexpr int EACH = W == earshot::Word::TF32 ? 1 : 2;
    test::Random random(static_cast<std::uint64_t>(W) + 1);
    const std::vector<std::uint32_t> a = test::factor_words(random, arithmetic, TILES * A_WORDS);
    const std::vector<std::uint32_t> b = test::factor_words(random, arithmetic, TILES * RUNS * RUN_WORDS);
    const std::vector<float> before = random.vector(TILES * TILE_SUMS, -4.0F, 4.0F);
    const test::DeviceArray device_a(test::as_floats(a));
    const test::DeviceArray device_b(test::as_floats(b));
    const auto furthest = [&](bool swapped, double &bias) {
        const test::DeviceArray device_sums(before);
        test::require(earshot::launch("multiply once", multiply_once<W, FROM_ZERO>, dim3(TILES),
                                      dim3(WARPGROUP_THREADS), SHARED_BYTES, nullptr,
                                      earshot::as_words(device_a.span()), earshot::as_words(device_b.span()),
                                      device_sums.span(), swapped),
                      "multiplying once");
        const std::vector<float> sums = device_sums.values();
        double most = 0;
        for (std::int64_t i = 0; i < TILES * TILE_SUMS; ++i) {
            const std::int64_t tile = i / TILE_SUMS;
            const std::int64_t row = i % TILE_SUMS / WARPGROUP_COLUMNS;
            const std::int64_t column = i % WARPGROUP_COLUMNS;
            double exact = FROM_ZERO ? 0.0 : static_cast<double>(before[static_cast<std::size_t>(i)]);
            double largest = std::fabs(exact);
            for (int k = 0; k < 8 * EACH; ++k) {
                const int word = k / EACH;
                const std::int64_t at = ((tile * RUNS + word / 4) * RUN + BEFORE + column) * UNIT_WORDS + word % 4;
                const double product =
                    test::factor_number(W, a[static_cast<std::size_t>(tile * A_WORDS + row * 8 + word)], k % EACH) *
                    test::factor_number(W, b[static_cast<std::size_t>(at)], k % EACH);
                exact += product;
                largest = std::fmax(largest, std::fabs(product));
            }
            const double unit = std::ldexp(1.0, std::ilogb(largest) - 23);
            const double error = (static_cast<double>(sums[static_cast<std::size_t>(i)]) - exact) / unit;
            most = std::fmax(most, std::fabs(error));
            bias += error * (exact < 0 ? -1 : 1) / (TILES * TILE_SUMS);
        }
        return most;
    };
    double bias = 0;
    double bias_swapped = 0;
    const double as_written = furthest(false, bias);
    const double swapped = furthest(true, bias_swapped);
    std::printf("       warpgroups, words of kind %d, %s: furthest %.2f units of the largest term, towards zero %.3f "
                "(with the distances swapped %.3g)\n",
                static_cast<int>(W), FROM_ZERO ? "from zero" : "added", as_written, -bias, swapped);
    CHECK_THAT(as_written <= test::FURTHEST_UNITS, "a sum is " + std::to_string(as_written) + " units off");
    CHECK_THAT(swapped > test::FURTHEST_UNITS, "the distances do not tell halves of numbers from groups of columns");
}

TEST(warpgroups_multiply_as_the_emulation_does) {
    if (!earshot::device().has_warpgroups) {
        return;
    }
    compare<earshot::Word::TF32, true>(earshot::Arithmetic::TF32);
    compare<earshot::Word::TF32, false>(earshot::Arithmetic::TF32);
    compare<earshot::Word::HALF, true>(earshot::Arithmetic::HALF);
    compare<earshot::Word::HALF, false>(earshot::Arithmetic::HALF);
    compare<earshot::Word::BF16, true>(earshot::Arithmetic::BF16);
    compare<earshot::Word::BF16, false>(earshot::Arithmetic::BF16);
}

} // namespace
