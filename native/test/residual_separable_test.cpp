/* The residual separable block against its formula. */
#include "compare.h"

namespace {

void compare(const test::SeparableShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    test::compare_block(EARSHOT_LAYER_RESIDUAL_SEPARABLE, shape, test::residual_separable, batch, frames, bands);
}

TEST(residual_separable_channels) {
    for (const std::int32_t c : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33}) {
        compare(test::SeparableShape{c, c, 0}, 1, 7, 9);
        compare(test::SeparableShape{c, 18 - c % 18, 1}, 2, 6, 5);
        compare(test::SeparableShape{1, c, 1}, 1, 5, 8);
    }
    for (const std::int32_t c : {15, 16, 17, 31, 32, 33}) {
        compare(test::SeparableShape{c, 48 - c, 1}, 1, 6, 7);
    }
    compare(test::SeparableShape{64, 65, 1}, 1, 4, 6);
    compare(test::SeparableShape{65, 65, 0}, 1, 4, 6);
}

TEST(residual_separable_sizes) {
    for (const std::int64_t t : {2, 3, 4, 5, 15, 16, 17, 33}) {
        compare(test::SeparableShape{3, 5, 1}, 2, t, 11);
    }
    for (const std::int64_t f : {2, 3, 4, 5, 13, 14, 64}) {
        compare(test::SeparableShape{5, 5, 0}, 1, 18, f);
    }
}

/* Ranges of several blocks of rows, and clips that end in any row of a patch. */
TEST(residual_separable_ranges) {
    for (const std::int64_t t : {48, 105, 106, 107, 108, 109, 110, 125}) {
        compare(test::SeparableShape{2, 3, 1}, 1, t, 5);
        compare(test::SeparableShape{16, 17, 1}, 1, t, 4);
        compare(test::SeparableShape{17, 17, 0}, 1, t, 3);
    }
}

TEST(residual_separable_paper_size) {
    compare(test::SeparableShape{1, 32, 1}, 1, 6, 64);
    compare(test::SeparableShape{32, 64, 1}, 1, 6, 32);
    compare(test::SeparableShape{64, 128, 1}, 1, 6, 16);
}

} // namespace
