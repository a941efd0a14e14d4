/* The Mamba path through the boundary, against the formulas in double precision, over sizes that straddle tiles,
 * chunks and warps, in every precision. */
#include "compare.h"

namespace {

/* As of the CPU kernels (native/test): typical is 1e-6 of the output's root mean square, the worst ten times that. */
constexpr double TOLERANCE = 2e-5;

void compare(test::MambaShape shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> weights = test::mamba_weights(shape, 7);
    const std::vector<float> x = random.vector(batch * frames * bands * shape.channels, -2.0F, 2.0F);
    const std::vector<float> condition = random.vector(batch * shape.condition, -1.0F, 1.0F);
    const test::Doubles exact = test::mamba_path(shape, weights, x, condition, batch, frames, bands);
    shape.precision = EARSHOT_PRECISION_BF16;
    const test::Doubles rounded = test::mamba_path(shape, weights, x, condition, batch, frames, bands);
    test::compare_modes(EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), weights, x, condition, exact, rounded, TOLERANCE, 0,
                        batch, frames, bands);
}

TEST(cuda_mamba_path_channels) {
    for (const std::int32_t c : {1, 3, 8, 17, 32, 65}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 5, 1, c, 2 * c, 4, (c + 15) / 16, 4}, 1, 9, 3);
        compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, c, c + 1, 4, 2, 4}, 2, 3, 5);
    }
}

TEST(cuda_mamba_path_stacked_layers_and_batch) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 3, 3, 17, 34, 16, 2, 4}, 3, 20, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_NONE, 0, 2, 16, 32, 16, 2, 4}, 2, 9, 7);
}

TEST(cuda_mamba_path_paper_width) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4}, 1, 70, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4}, 1, 5, 31);
}

/* The kernel in front of the scan takes tiles of 32 tokens, of which it keeps 3 for the next, or, with split factors,
   whole sequences of up to 32 and 29 tokens of longer ones; 32 channels a warp, and what it has room for. */
TEST(cuda_mamba_path_front) {
    for (const std::int64_t length : {1, 2, 11, 31, 32, 33, 58, 61, 64, 65}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 5, 1, 16, 36, 4, 3, 4}, 2, length, 2);
        compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, 20, 32, 16, 2, 3}, 2, 3, length);
    }
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 32, 320, 16, 4, 1}, 1, 500, 1);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_NONE, 0, 2, 36, 68, 16, 8, 2}, 1, 67, 3);
}

TEST(cuda_mamba_path_without_front) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 5, 1, 128, 260, 16, 4, 4}, 2, 33, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, 32, 36, 16, 9, 4}, 1, 3, 21);
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_LAYER, 0, 1, 32, 36, 16, 4, 5}, 1, 21, 3);
}

} // namespace
