/* The transformer against its formula. */
#include "compare.h"

namespace {

void compare(const test::TransformerShape &shape, std::int64_t batch, std::int64_t tokens) {
    test::Random random(static_cast<std::uint64_t>(shape.width * 131 + tokens));
    const float spread = 1.5F / std::sqrt(static_cast<float>(shape.width));
    const std::vector<float> weights = random.vector(shape.weight_count(), -spread, spread);
    const std::vector<float> x = random.vector(batch * tokens * shape.width, -2.0F, 2.0F);
    test::compare({EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights}, x,
                  test::transformer(shape, weights, x, batch, tokens), test::SUMS, batch, tokens, 1);
}

TEST(transformer_sizes) {
    for (const std::int32_t depth : {1, 2, 7, 8, 9, 15, 16, 17, 33}) {
        compare(test::TransformerShape{3 * depth, 3, 5}, 2, 5);
        compare(test::TransformerShape{depth + 1, 1, depth}, 1, 4);
    }
    for (const std::int64_t tokens : {1, 2, 7, 8, 15, 16, 17, 33}) {
        compare(test::TransformerShape{6, 2, 4}, 5, tokens);
    }
    compare(test::TransformerShape{128, 8, 32}, 2, 16);
}

/* Scores of hundreds: without the greatest taken off, their exponentials would overflow. */
TEST(transformer_great_scores) {
    const test::TransformerShape shape = {8, 2, 4};
    test::Random random(3);
    std::vector<float> weights = random.vector(shape.weight_count(), -0.5F, 0.5F);
    for (std::size_t i = 0; i < 2 * 8 * 8; ++i) {
        weights[i] *= 16;
    }
    const std::vector<float> x = random.vector(6 * 8, -2.0F, 2.0F);
    /* The scores' own rounding, 6e-8 of some hundred, becomes an error of their exponentials. */
    test::compare({EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights}, x, test::transformer(shape, weights, x, 1, 6),
                  1e-4, 1, 6, 1);
}

} // namespace
