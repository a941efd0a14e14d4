/* The global pool through the boundary, against its formula in double precision. */
#include "compare.h"

namespace {

/* One part and several, parts that end within a round of loads, and more channels than a warp has lanes. */
TEST(cuda_global_pool) {
    for (const std::int64_t frames : {1, 7, 9, 60, 65, 130, 900}) {
        for (const std::int32_t channels : {1, 31, 33, 64}) {
            test::Random random(7);
            const std::vector<float> x = random.vector(2 * frames * 3 * channels, -3.0F, 1.0F);
            test::compare(EARSHOT_LAYER_GLOBAL_POOL, {channels, EARSHOT_POOL_MEAN}, {}, x,
                          test::global_pool(channels, EARSHOT_POOL_MEAN, x, 2), test::ROUNDING, 2, frames, 3);
            test::compare(EARSHOT_LAYER_GLOBAL_POOL, {channels, EARSHOT_POOL_MAX}, {}, x,
                          test::global_pool(channels, EARSHOT_POOL_MAX, x, 2), 0, 2, frames, 3);
        }
    }
}

} // namespace
