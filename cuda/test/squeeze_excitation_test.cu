/* The squeeze and excitation block through the boundary, against its formula in double precision, over sizes that
 * straddle warps and tiles. Sizes are small: a convolution's tile costs as much as 128 positions, however
 * few there are.
 */
#include "compare.h"

namespace {

void compare(const test::SqueezeShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    test::compare_block(EARSHOT_LAYER_SQUEEZE_EXCITATION, shape, test::squeeze_excitation, batch, frames, bands);
}

TEST(cuda_squeeze_excitation_channels) {
    for (const std::int32_t c : {1, 2, 4, 15, 16, 17, 33}) {
        compare(test::SqueezeShape{c, 18 - c % 18, 3, 1, {1}}, 1, 7, 9);
        compare(test::SqueezeShape{5, c, 2, 0, {1, 2, 3}}, 2, 6, 5);
    }
    compare(test::SqueezeShape{64, 65, 4, 1, {1, 2}}, 1, 5, 6);
    compare(test::SqueezeShape{65, 64, 17, 0, {1}}, 1, 5, 6);
}

TEST(cuda_squeeze_excitation_sizes) {
    for (const std::int64_t t : {1, 2, 3, 17, 70}) {
        compare(test::SqueezeShape{3, 5, 2, t > 1 ? 1 : 0, {1, 2, 3}}, 2, t, 11);
        compare(test::SqueezeShape{3, 4, 2, 0, {4}}, 1, t, 3);
    }
    for (const std::int64_t f : {1, 2, 13, 64}) {
        compare(test::SqueezeShape{3, 5, 2, f > 1 ? 1 : 0, {3, 1}}, 1, 18, f);
    }
}

/* The first layer's way, whose convolution is made twice; its blocks are strips of 8 frames or more. */
TEST(cuda_squeeze_excitation_of_one_channel) {
    for (const std::int32_t c : {1, 3, 4, 20, 64, 68, 70}) {
        compare(test::SqueezeShape{1, c, 3, 0, {1}}, 2, 19, 21);
    }
    for (const std::int64_t t : {1, 2, 7, 8, 9, 70}) {
        compare(test::SqueezeShape{1, 8, 2, 0, {1}}, 1, t, 13);
    }
    for (const std::int64_t f : {1, 2, 64, 130}) {
        compare(test::SqueezeShape{1, 8, 2, 0, {1}}, 2, 10, f);
    }
    /* More frames in a strip than a block has in shared memory at once. */
    compare(test::SqueezeShape{1, 4, 2, 0, {1}}, 1, 2200, 2);
}

/* Several parts of a mean: tiles of the convolution (of which those at the ends are smaller), and of pools. */
TEST(cuda_squeeze_excitation_adds_up_parts) {
    for (const std::int32_t c : {6, 8}) {
        compare(test::SqueezeShape{2, c, 3, 1, {1}}, 2, 41, 40);
        compare(test::SqueezeShape{17, c, 3, 0, {1}}, 1, 13, 40);
        compare(test::SqueezeShape{2, c, 3, 0, {1, 2, 3}}, 1, 41, 40);
        /* More tiles than a block adds up. */
        compare(test::SqueezeShape{2, c, 3, 0, {1}}, 1, 1050, 2);
        /* Pools of one channel's convolution. */
        compare(test::SqueezeShape{1, c, 3, 1, {1}}, 1, 41, 40);
        compare(test::SqueezeShape{1, c, 3, 0, {2, 1}}, 2, 31, 20);
    }
}

} // namespace
