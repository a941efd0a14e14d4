/* The global pool against its formula. */
#include "compare.h"

namespace {

TEST(global_pool) {
    for (const std::int32_t c : {1, 7, 16, 33, 64}) {
        test::Random random(6);
        const std::vector<float> x = random.vector(2 * 19 * 5 * c, -1.0F, 3.0F);
        for (const std::int32_t pool : {EARSHOT_POOL_MEAN, EARSHOT_POOL_MAX}) {
            test::Operation operation;
            CHECK(test::made({EARSHOT_LAYER_GLOBAL_POOL, {c, pool}, {}}, {}, operation));
            const std::vector<float> one = test::run(operation.op, 1, x, {}, 2, 19, 5);
            CHECK(test::relative_error(one, test::global_pool(c, pool, x, 2)) <= test::ROUNDING);
            CHECK(test::same_bits(one, test::run(operation.op, 3, x, {}, 2, 19, 5)));
        }
    }
}

/* Whichever the order, and whether among the bands or the frames. */
TEST(global_pool_lets_nan_through) {
    for (const std::int32_t pool : {EARSHOT_POOL_MEAN, EARSHOT_POOL_MAX}) {
        test::Operation operation;
        CHECK(test::made({EARSHOT_LAYER_GLOBAL_POOL, {1, pool}, {}}, {}, operation));
        for (std::size_t i = 0; i < 6; ++i) {
            std::vector<float> x = {1, 2, 3, 4, 5, 6};
            x[i] = NAN;
            CHECK(std::isnan(test::run(operation.op, 1, x, {}, 1, 3, 2)[0]));
        }
    }
}

} // namespace
