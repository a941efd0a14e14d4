/* The squeeze and excitation block against its formula. */
#include "compare.h"

namespace {

void compare(const test::SqueezeShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    test::compare_block(EARSHOT_LAYER_SQUEEZE_EXCITATION, shape, test::squeeze_excitation, batch, frames, bands);
}

TEST(squeeze_excitation_channels) {
    for (const std::int32_t c : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33}) {
        compare(test::SqueezeShape{c, 18 - c % 18, 3, 1, {1}}, 1, 7, 9);
        compare(test::SqueezeShape{5, c, 2, 0, {1, 2, 3}}, 2, 6, 5);
        compare(test::SqueezeShape{1, c, 2, c % 2, {2}}, 1, 5, 8);
    }
    /* On both sides of what is enough for Winograd's algorithm. */
    for (const std::int32_t c : {15, 16, 17, 31, 32, 33}) {
        compare(test::SqueezeShape{c, 48 - c, 3, c % 2, {1}}, 1, 5, 7);
    }
    compare(test::SqueezeShape{64, 65, 4, 1, {1, 2}}, 1, 5, 6);
    compare(test::SqueezeShape{65, 64, 4, 0, {1}}, 1, 5, 6);
}

TEST(squeeze_excitation_sizes) {
    for (const std::int64_t t : {1, 2, 3, 4, 5, 15, 16, 17, 18, 33, 70}) {
        compare(test::SqueezeShape{3, 5, 2, t > 1 ? 1 : 0, {1, 2, 3}}, 2, t, 11);
        compare(test::SqueezeShape{3, 5, 2, 0, {4}}, 1, t, 3);
    }
    for (const std::int64_t f : {1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 64}) {
        compare(test::SqueezeShape{3, 5, 2, f > 1 ? 1 : 0, {3, 1}}, 1, 18, f);
    }
}

/* Out of one channel, whose input is squeezed: bins at the clip's ends, and overlapping ones. */
TEST(squeeze_excitation_of_one_channel) {
    for (const std::int64_t t : {1, 2, 3, 5, 17, 18, 19, 37, 70}) {
        compare(test::SqueezeShape{1, 20, 2, t > 1 ? 1 : 0, {1, 2, 3}}, 2, t, 9);
        compare(test::SqueezeShape{1, 17, 2, 0, {4}}, 1, t, 3);
    }
    for (const std::int64_t f : {1, 2, 3, 7, 64}) {
        compare(test::SqueezeShape{1, 64, 4, f > 1 ? 1 : 0, {3, 1, 2}}, 2, 20, f);
    }
}

/* Patches of 6 frames by 4 bands that stick out, chunks of patches that are not full, blocks of 18 frames. */
TEST(squeeze_excitation_winograd_sizes) {
    for (const std::int64_t t : {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 17, 18, 19, 35, 37}) {
        compare(test::SqueezeShape{17, 16, 2, t > 1 ? 1 : 0, {1, 2}}, 2, t, 9);
        compare(test::SqueezeShape{16, 19, 2, 0, {1}}, 1, t, 30);
    }
    for (const std::int64_t f : {1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 97, 100}) {
        compare(test::SqueezeShape{16, 17, 2, 0, {1}}, 1, 5, f);
    }
}

TEST(squeeze_excitation_paper_size) {
    compare(test::SqueezeShape{64, 128, 8, 0, {1, 2, 3}}, 1, 9, 32);
    compare(test::SqueezeShape{128, 128, 8, 1, {1, 2, 3}}, 1, 9, 32);
}

} // namespace
