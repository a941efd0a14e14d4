/* The residual separable block through the boundary, against its formula in double precision, over sizes that straddle
 * warps, tiles and what fits into shared memory. Sizes are small: a convolution's tile costs as much as 128 positions, however
 * few there are.
 */
#include "compare.h"

namespace {

void compare(const test::SeparableShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    test::compare_block(EARSHOT_LAYER_RESIDUAL_SEPARABLE, shape, test::residual_separable, batch, frames, bands);
}

TEST(cuda_residual_separable_channels) {
    for (const std::int32_t c : {1, 2, 4, 15, 16, 17, 33}) {
        compare(test::SeparableShape{c, c, 0}, 1, 7, 9);
        compare(test::SeparableShape{c, 18 - c % 18, 1}, 2, 6, 5);
        compare(test::SeparableShape{1, c, 1}, 1, 5, 8);
    }
    compare(test::SeparableShape{64, 65, 1}, 1, 4, 6);
    compare(test::SeparableShape{65, 65, 0}, 1, 4, 6);
}

/* More inputs of the join than shared memory takes at once, and more channels than a block has. */
TEST(cuda_residual_separable_chunks) {
    compare(test::SeparableShape{20, 70, 1}, 1, 4, 5);
    compare(test::SeparableShape{68, 136, 1}, 1, 5, 4);
    compare(test::SeparableShape{1, 33, 1}, 2, 5, 5);
    compare(test::SeparableShape{1, 72, 1}, 1, 4, 4);
}

/*
 * So many tiles that blocks are wide ones, with threads that share sums while there are no more blocks than
 * multiprocessors: four in emulation, 132 on a device, for which the last two are.
 */
TEST(cuda_residual_separable_wide) {
    compare(test::SeparableShape{2, 6, 1}, 4, 4, 16);
    compare(test::SeparableShape{2, 68, 1}, 2, 8, 34);
    compare(test::SeparableShape{2, 3, 1}, 20, 8, 34);
    compare(test::SeparableShape{2, 3, 1}, 130, 5, 7);
}

TEST(cuda_residual_separable_sizes) {
    for (const std::int64_t t : {2, 3, 17, 33}) {
        compare(test::SeparableShape{3, 5, 1}, 2, t, 11);
    }
    for (const std::int64_t f : {2, 3, 13, 64}) {
        compare(test::SeparableShape{20, 20, 0}, 1, 9, f);
        compare(test::SeparableShape{1, 8, 1}, 2, 9, f);
    }
}

} // namespace
