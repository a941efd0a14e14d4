/* The token pool through the boundary, against its formula in double precision. */
#include "compare.h"

namespace {

TEST(cuda_token_pool) {
    for (const std::int64_t frames : {1, 2, 15, 16, 17, 125}) {
        for (const std::int32_t tokens : {1, 3, 16}) {
            test::Random random(7);
            const std::int32_t channels = 30 + tokens;
            const std::vector<float> x = random.vector(2 * frames * 3 * channels, -1.0F, 3.0F);
            test::compare(EARSHOT_LAYER_TOKEN_POOL, {channels, tokens}, {}, x,
                          test::token_pool(channels, tokens, x, 2, frames, 3), test::ROUNDING, 2, frames, 3);
        }
    }
}

} // namespace
