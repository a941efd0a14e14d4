/* The gated fusion against its formula. */
#include "compare.h"

namespace {

TEST(gated_fusion) {
    for (const std::int32_t width : {1, 3, 4, 5, 96}) {
        test::Random random(7);
        const std::vector<float> weights = random.vector(3 * width * (width + 1), -1.0F, 1.0F);
        const std::vector<float> x = random.vector(3 * width, -2.0F, 2.0F);
        test::compare({EARSHOT_LAYER_GATED_FUSION, {width}, weights}, x, test::gated_fusion(width, weights, x, 3),
                      test::ROUNDING, 3, 1, 1);
    }
}

} // namespace
