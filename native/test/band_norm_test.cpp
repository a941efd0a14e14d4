/* The band norm against its formula. */
#include "compare.h"

namespace {

TEST(band_norm) {
    test::Random random(7);
    const std::vector<float> weights = random.vector(2 * 13, -2.0F, 2.0F);
    const std::vector<float> x = random.vector(2 * 5 * 13, -80.0F, 3.0F);
    test::compare({EARSHOT_LAYER_BAND_NORM, {13}, weights}, x, test::band_norm(13, weights, x), test::ROUNDING, 2, 5,
                  13);
}

} // namespace
