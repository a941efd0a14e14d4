/* The token pool against its formula. */
#include "compare.h"

namespace {

TEST(token_pool) {
    for (const std::int64_t frames : {1, 2, 7, 15, 16, 17, 31, 125}) {
        for (const std::int32_t tokens : {1, 3, 16}) {
            test::Random random(7);
            const std::vector<float> x = random.vector(2 * frames * 3 * 5, -1.0F, 3.0F);
            test::compare({EARSHOT_LAYER_TOKEN_POOL, {5, tokens}, {}}, x, test::token_pool(5, tokens, x, 2, frames, 3),
                          test::ROUNDING, 2, frames, 3);
        }
    }
}

} // namespace
