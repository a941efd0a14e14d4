/* Transformer, GRU, token pool, band norm, concatenation and gated fusion against the formulas. */
#include "operation.h"
#include "reference.h"

namespace {

/* Float32 sums of up to 1,000 products and a norm, or some 100 steps that forget: see blocks_test.cpp. */
constexpr double TOLERANCE = 1e-5;

/* Computed in double precision: only the result is rounded. */
constexpr double ROUNDING = 1e-6;

void compare(const test::Packed &layer, const std::vector<float> &x, const test::Doubles &expected, double tolerance,
             std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    /* Bfloat16 changes nothing for these layers. */
    for (const test::Mode mode : test::modes()) {
        test::Operation operation;
        if (!test::made(layer, mode, operation)) {
            continue;
        }
        const std::vector<float> one = test::run(operation.op, 1, x, {}, batch, frames, bands);
        const double error = test::relative_error(one, expected);
        std::string numbers;
        for (const std::int32_t number : layer.numbers) {
            numbers += " " + std::to_string(number);
        }
        CHECK_THAT(error <= tolerance, mode.name() + " error " + std::to_string(error * 1e6) + "e-6, kind " +
                                           std::to_string(layer.kind) + ":" + numbers + ", T " +
                                           std::to_string(frames) + " F " + std::to_string(bands));
        CHECK(test::same_bits(one, test::run(operation.op, 3, x, {}, batch, frames, bands)));
    }
}

void compare(const test::TransformerShape &shape, std::int64_t batch, std::int64_t tokens) {
    test::Random random(static_cast<std::uint64_t>(shape.width * 131 + tokens));
    const float spread = 1.5F / std::sqrt(static_cast<float>(shape.width));
    const std::vector<float> weights = random.vector(shape.weight_count(), -spread, spread);
    const std::vector<float> x = random.vector(batch * tokens * shape.width, -2.0F, 2.0F);
    compare({EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights}, x,
            test::transformer(shape, weights, x, batch, tokens), TOLERANCE, batch, tokens, 1);
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
    compare({EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights}, x, test::transformer(shape, weights, x, 1, 6), 1e-4,
            1, 6, 1);
}

void compare(const test::GruShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             float spread = 1.5F) {
    test::Random random(static_cast<std::uint64_t>(shape.inputs * 131 + frames));
    const float scale = spread / std::sqrt(static_cast<float>(shape.inputs));
    const std::vector<float> weights = random.vector(shape.weight_count(), -scale, scale);
    const std::vector<float> x = random.vector(batch * frames * shape.inputs, -2.0F, 2.0F);
    compare({EARSHOT_LAYER_GRU, shape.numbers(), weights}, x, test::gru(shape, weights, x, batch, frames), TOLERANCE,
            batch, frames, bands);
}

TEST(gru_sizes) {
    for (const std::int32_t hidden : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65}) {
        compare(test::GruShape{6, hidden}, 2, 5, 3);
    }
    for (const std::int64_t frames : {1, 2, 15, 16, 17, 62}) {
        compare(test::GruShape{20, 9}, 3, frames, 4);
    }
    compare(test::GruShape{1024, 64}, 1, 20, 8);
}

/* Gates that are wide open or shut. */
TEST(gru_saturated) {
    compare(test::GruShape{6, 5}, 1, 20, 1, 300.0F);
}

TEST(token_pool) {
    for (const std::int64_t frames : {1, 2, 7, 15, 16, 17, 31, 125}) {
        for (const std::int32_t tokens : {1, 3, 16}) {
            test::Random random(7);
            const std::vector<float> x = random.vector(2 * frames * 3 * 5, -1.0F, 3.0F);
            compare({EARSHOT_LAYER_TOKEN_POOL, {5, tokens}, {}}, x, test::token_pool(5, tokens, x, 2, frames, 3),
                    ROUNDING, 2, frames, 3);
        }
    }
}

TEST(band_norm) {
    test::Random random(7);
    const std::vector<float> weights = random.vector(2 * 13, -2.0F, 2.0F);
    const std::vector<float> x = random.vector(2 * 5 * 13, -80.0F, 3.0F);
    test::Doubles expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
        expected.push_back(static_cast<double>(x[i]) * static_cast<double>(weights[i % 13]) +
                           static_cast<double>(weights[13 + i % 13]));
    }
    compare({EARSHOT_LAYER_BAND_NORM, {13}, weights}, x, expected, ROUNDING, 2, 5, 13);
}

TEST(gated_fusion) {
    for (const std::int32_t width : {1, 3, 4, 5, 96}) {
        test::Random random(7);
        const std::vector<float> weights = random.vector(3 * width * (width + 1), -1.0F, 1.0F);
        const std::vector<float> x = random.vector(3 * width, -2.0F, 2.0F);
        compare({EARSHOT_LAYER_GATED_FUSION, {width}, weights}, x, test::gated_fusion(width, weights, x, 3), ROUNDING,
                3, 1, 1);
    }
}

TEST(concatenation) {
    test::Operation operation;
    CHECK(test::made({EARSHOT_LAYER_CONCATENATION, {3, 2}, {}}, {}, operation));
    const std::vector<float> joined = test::run(operation.op, 2, {1, 2, 3, 6, 7, 8}, {4, 5, 9, 10}, 2, 1, 1);
    CHECK(joined == (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

} // namespace
