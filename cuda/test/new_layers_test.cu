/*
 * The layers of SE-Trans and MobileASCNet through the boundary, against the formulas in double precision, over sizes
 * that straddle warps, tiles and what fits into shared memory. Sizes of blocks are small: a convolution's tile costs as
 * much as 128 positions, however few there are.
 */
#include <algorithm>

#include "errors.h"
#include "operation.h"
#include "reference.h"
#include "tolerance.h"

namespace {

/* As of the CPU kernels (native/test): typical is 1e-6 of the output's root mean square, the worst ten times that. */
constexpr double TOLERANCE = 1e-5;

/* Some hundred products or a mean of so many numbers: a few units in the last place of the greatest. */
constexpr double ROUNDING = 2e-6;

void compare(std::int32_t kind, const std::vector<std::int32_t> &numbers, const std::vector<float> &weights,
             std::int32_t precision, const std::vector<float> &x, const test::Doubles &expected, double allowed,
             std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    const test::Operation operation(kind, numbers, weights, precision);
    const std::vector<float> actual = test::run(operation.op, x, {}, batch, frames, bands);
    const bool full = precision == EARSHOT_PRECISION_FLOAT32;
    const double error = full ? test::relative_error(actual, expected) : test::mean_error(actual, expected);
    std::string text = "precision " + std::to_string(precision) + " error " + std::to_string(error * 1e6) +
                       "e-6 above " + std::to_string(allowed * 1e6) + "e-6, kind " + std::to_string(kind) + ":";
    for (const std::int32_t n : numbers) {
        text += " " + std::to_string(n);
    }
    CHECK_THAT(error <= allowed,
               text + " B " + std::to_string(batch) + " T " + std::to_string(frames) + " F " + std::to_string(bands));
}

/* Layers that are float32 in every precision. */
void compare(std::int32_t kind, const std::vector<std::int32_t> &numbers, const std::vector<float> &weights,
             const std::vector<float> &x, const test::Doubles &expected, double allowed, std::int64_t batch,
             std::int64_t frames, std::int64_t bands) {
    compare(kind, numbers, weights, EARSHOT_PRECISION_FLOAT32, x, expected, allowed, batch, frames, bands);
}

/* Formula is a function of (shape, weights, x, ...). Only blocks have products of rounded factors. */
template <class Shape, class Formula>
void compare_block(std::int32_t kind, Shape shape, const Formula &formula, std::int64_t batch, std::int64_t frames,
                   std::int64_t bands) {
    /* For sums of about unit variance out of inputs of about unit variance. */
    const float spread = 1.0F / std::sqrt(3.0F * static_cast<float>(shape.inputs));
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> weights = random.vector(shape.weight_count(), -spread, spread);
    const std::vector<float> x = random.vector(batch * frames * bands * shape.inputs, -2.0F, 2.0F);
    const test::Doubles exact = formula(shape, weights, x, batch, frames, bands);
    shape.precision = EARSHOT_PRECISION_BF16;
    const test::Doubles rounded = formula(shape, weights, x, batch, frames, bands);
    for (const test::Mode mode : test::cuda_modes()) {
        const bool full = mode.precision == EARSHOT_PRECISION_FLOAT32;
        compare(kind, shape.numbers(), weights, mode.precision, x, exact,
                full ? TOLERANCE : test::tolerance(mode.precision, exact, rounded), batch, frames, bands);
    }
}

void compare(const test::SqueezeShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    compare_block(EARSHOT_LAYER_SQUEEZE_EXCITATION, shape, test::squeeze_excitation, batch, frames, bands);
}

void compare(const test::SeparableShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    compare_block(EARSHOT_LAYER_RESIDUAL_SEPARABLE, shape, test::residual_separable, batch, frames, bands);
}

void compare(const test::TransformerShape &shape, std::int64_t batch, std::int64_t tokens) {
    test::Random random(static_cast<std::uint64_t>(shape.width * 131 + tokens));
    const float spread = 1.5F / std::sqrt(static_cast<float>(shape.width));
    const std::vector<float> weights = random.vector(shape.weight_count(), -spread, spread);
    const std::vector<float> x = random.vector(batch * tokens * shape.width, -2.0F, 2.0F);
    compare(EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights, x, test::transformer(shape, weights, x, batch, tokens),
            TOLERANCE, batch, tokens, 1);
}

void compare(const test::GruShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             float spread = 1.5F) {
    test::Random random(static_cast<std::uint64_t>(shape.inputs * 131 + frames));
    const float scale = spread / std::sqrt(static_cast<float>(shape.inputs));
    const std::vector<float> weights = random.vector(shape.weight_count(), -scale, scale);
    const std::vector<float> x = random.vector(batch * frames * shape.inputs, -2.0F, 2.0F);
    compare(EARSHOT_LAYER_GRU, shape.numbers(), weights, x, test::gru(shape, weights, x, batch, frames), TOLERANCE,
            batch, frames, bands);
}

TEST(cuda_squeeze_excitation_channels) {
    for (const std::int32_t c : {1, 2, 4, 15, 16, 17, 33}) {
        compare(test::SqueezeShape{c, 18 - c % 18, 3, 1, {1}}, 1, 7, 9);
        compare(test::SqueezeShape{5, c, 2, 0, {1, 2, 3}}, 2, 6, 5);
    }
    compare(test::SqueezeShape{64, 65, 4, 1, {1, 2}}, 1, 5, 6);
    compare(test::SqueezeShape{65, 64, 17, 0, {1}}, 1, 5, 6);
}

TEST(cuda_squeeze_excitation_sizes) {
    for (const std::int64_t t : {1, 2, 3, 17, 70}) {
        compare(test::SqueezeShape{3, 5, 2, t > 1 ? 1 : 0, {1, 2, 3}}, 2, t, 11);
        compare(test::SqueezeShape{3, 4, 2, 0, {4}}, 1, t, 3);
    }
    for (const std::int64_t f : {1, 2, 13, 64}) {
        compare(test::SqueezeShape{3, 5, 2, f > 1 ? 1 : 0, {3, 1}}, 1, 18, f);
    }
}

/* The first layer's way, whose convolution is made twice; its blocks are strips of 8 frames or more. */
TEST(cuda_squeeze_excitation_of_one_channel) {
    for (const std::int32_t c : {1, 3, 4, 20, 64, 68, 70}) {
        compare(test::SqueezeShape{1, c, 3, 0, {1}}, 2, 19, 21);
    }
    for (const std::int64_t t : {1, 2, 7, 8, 9, 70}) {
        compare(test::SqueezeShape{1, 8, 2, 0, {1}}, 1, t, 13);
    }
    for (const std::int64_t f : {1, 2, 64, 130}) {
        compare(test::SqueezeShape{1, 8, 2, 0, {1}}, 2, 10, f);
    }
    /* More frames in a strip than a block has in shared memory at once. */
    compare(test::SqueezeShape{1, 4, 2, 0, {1}}, 1, 2200, 2);
}

/* Several parts of a mean: tiles of the convolution (of which those at the ends are smaller), and of pools. */
TEST(cuda_squeeze_excitation_adds_up_parts) {
    for (const std::int32_t c : {6, 8}) {
        compare(test::SqueezeShape{2, c, 3, 1, {1}}, 2, 41, 40);
        compare(test::SqueezeShape{17, c, 3, 0, {1}}, 1, 13, 40);
        compare(test::SqueezeShape{2, c, 3, 0, {1, 2, 3}}, 1, 41, 40);
        /* More tiles than a block adds up. */
        compare(test::SqueezeShape{2, c, 3, 0, {1}}, 1, 1050, 2);
        /* Pools of one channel's convolution. */
        compare(test::SqueezeShape{1, c, 3, 1, {1}}, 1, 41, 40);
        compare(test::SqueezeShape{1, c, 3, 0, {2, 1}}, 2, 31, 20);
    }
}

TEST(cuda_residual_separable_channels) {
    for (const std::int32_t c : {1, 2, 4, 15, 16, 17, 33}) {
        compare(test::SeparableShape{c, c, 0}, 1, 7, 9);
        compare(test::SeparableShape{c, 18 - c % 18, 1}, 2, 6, 5);
        compare(test::SeparableShape{1, c, 1}, 1, 5, 8);
    }
    compare(test::SeparableShape{64, 65, 1}, 1, 4, 6);
    compare(test::SeparableShape{65, 65, 0}, 1, 4, 6);
}

/* More inputs of the join than shared memory takes at once, and more channels than a block has. */
TEST(cuda_residual_separable_chunks) {
    compare(test::SeparableShape{20, 70, 1}, 1, 4, 5);
    compare(test::SeparableShape{68, 136, 1}, 1, 5, 4);
    compare(test::SeparableShape{1, 33, 1}, 2, 5, 5);
    compare(test::SeparableShape{1, 72, 1}, 1, 4, 4);
}

/*
 * So many tiles that blocks are wide ones, with threads that share sums while there are no more blocks than
 * multiprocessors: four in emulation, 132 on a device, for which the last two are.
 */
TEST(cuda_residual_separable_wide) {
    compare(test::SeparableShape{2, 6, 1}, 4, 4, 16);
    compare(test::SeparableShape{2, 68, 1}, 2, 8, 34);
    compare(test::SeparableShape{2, 3, 1}, 20, 8, 34);
    compare(test::SeparableShape{2, 3, 1}, 130, 5, 7);
}

TEST(cuda_residual_separable_sizes) {
    for (const std::int64_t t : {2, 3, 17, 33}) {
        compare(test::SeparableShape{3, 5, 1}, 2, t, 11);
    }
    for (const std::int64_t f : {2, 3, 13, 64}) {
        compare(test::SeparableShape{20, 20, 0}, 1, 9, f);
        compare(test::SeparableShape{1, 8, 1}, 2, 9, f);
    }
}

TEST(cuda_transformer_sizes) {
    for (const std::int32_t depth : {1, 2, 7, 16, 17, 33}) {
        compare(test::TransformerShape{3 * depth, 3, 5}, 2, 5);
        compare(test::TransformerShape{depth + 1, 1, depth}, 1, 4);
    }
    for (const std::int64_t tokens : {1, 2, 7, 8, 9, 33}) {
        compare(test::TransformerShape{6, 2, 4}, 5, tokens);
    }
    compare(test::TransformerShape{128, 8, 32}, 2, 16);
    /* More weights than shared memory is given. */
    compare(test::TransformerShape{200, 8, 5}, 1, 3);
}

/* 160 tokens of 132 channels and what a head makes of them are 240 KB, more than any device's shared memory. */
TEST(cuda_transformer_beyond_shared_memory) {
    compare(test::TransformerShape{132, 3, 7}, 2, 160);
}

/* Scores of hundreds: without the greatest taken off, their exponentials would overflow. */
TEST(cuda_transformer_great_scores) {
    const test::TransformerShape shape = {8, 2, 4};
    test::Random random(3);
    std::vector<float> weights = random.vector(shape.weight_count(), -0.5F, 0.5F);
    for (std::size_t i = 0; i < 2 * 8 * 8; ++i) {
        weights[i] *= 16;
    }
    const std::vector<float> x = random.vector(6 * 8, -2.0F, 2.0F);
    /* The scores' own rounding, 6e-8 of some hundred, becomes an error of their exponentials. */
    compare(EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights, x, test::transformer(shape, weights, x, 1, 6), 1e-4, 1,
            6, 1);
}

TEST(cuda_gru_sizes) {
    for (const std::int32_t hidden : {1, 2, 3, 8, 11, 16, 31, 63, 64, 65, 100}) {
        compare(test::GruShape{6, hidden}, 2, 5, 3);
    }
    /* Inputs in several parts, or nearly so. */
    for (const std::int32_t inputs : {127, 128, 132, 256}) {
        compare(test::GruShape{inputs, 9}, 1, 5, 1);
    }
    for (const std::int64_t frames : {1, 2, 17, 62}) {
        compare(test::GruShape{20, 9}, 3, frames, 4);
    }
    compare(test::GruShape{1024, 64}, 1, 20, 8);
}

/* More rows of weights than a block has threads. */
TEST(cuda_gru_rows_beyond_threads) {
    compare(test::GruShape{4, 350}, 1, 3, 1, 0.2F);
}

/* Gates that are wide open or shut. */
TEST(cuda_gru_saturated) {
    compare(test::GruShape{6, 5}, 1, 20, 1, 300.0F);
}

TEST(cuda_token_pool) {
    for (const std::int64_t frames : {1, 2, 15, 16, 17, 125}) {
        for (const std::int32_t tokens : {1, 3, 16}) {
            test::Random random(7);
            const std::int32_t channels = 30 + tokens;
            const std::vector<float> x = random.vector(2 * frames * 3 * channels, -1.0F, 3.0F);
            compare(EARSHOT_LAYER_TOKEN_POOL, {channels, tokens}, {}, x,
                    test::token_pool(channels, tokens, x, 2, frames, 3), ROUNDING, 2, frames, 3);
        }
    }
}

/* One part and several, parts that end within a round of loads, and more channels than a warp has lanes. */
TEST(cuda_global_pool) {
    for (const std::int64_t frames : {1, 7, 9, 60, 65, 130, 900}) {
        for (const std::int32_t channels : {1, 31, 33, 64}) {
            test::Random random(7);
            const std::int64_t positions = frames * 3;
            const std::vector<float> x = random.vector(2 * positions * channels, -3.0F, 1.0F);
            test::Doubles means;
            test::Doubles maxima;
            for (std::int64_t clip = 0; clip < 2; ++clip) {
                for (std::int64_t channel = 0; channel < channels; ++channel) {
                    double sum = 0;
                    double greatest = -INFINITY;
                    for (std::int64_t i = 0; i < positions; ++i) {
                        const double value = x[static_cast<std::size_t>((clip * positions + i) * channels + channel)];
                        sum += value;
                        greatest = std::max(greatest, value);
                    }
                    means.push_back(sum / static_cast<double>(positions));
                    maxima.push_back(greatest);
                }
            }
            compare(EARSHOT_LAYER_GLOBAL_POOL, {channels, EARSHOT_POOL_MEAN}, {}, x, means, ROUNDING, 2, frames, 3);
            compare(EARSHOT_LAYER_GLOBAL_POOL, {channels, EARSHOT_POOL_MAX}, {}, x, maxima, 0, 2, frames, 3);
        }
    }
}

TEST(cuda_band_norm) {
    test::Random random(7);
    const std::vector<float> weights = random.vector(2 * 13, -2.0F, 2.0F);
    const std::vector<float> x = random.vector(2 * 15 * 13, -80.0F, 3.0F);
    test::Doubles expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
        expected.push_back(static_cast<double>(x[i]) * static_cast<double>(weights[i % 13]) +
                           static_cast<double>(weights[13 + i % 13]));
    }
    compare(EARSHOT_LAYER_BAND_NORM, {13}, weights, x, expected, ROUNDING, 2, 15, 13);
}

TEST(cuda_gated_fusion) {
    for (const std::int32_t width : {1, 3, 31, 33, 96}) {
        test::Random random(7);
        const std::vector<float> weights = random.vector(3 * width * (width + 1), -1.0F, 1.0F);
        const std::vector<float> x = random.vector(3 * width, -2.0F, 2.0F);
        compare(EARSHOT_LAYER_GATED_FUSION, {width}, weights, x, test::gated_fusion(width, weights, x, 3), ROUNDING, 3,
                1, 1);
    }
}

TEST(cuda_concatenation) {
    const test::Operation operation(EARSHOT_LAYER_CONCATENATION, {3, 2}, {}, EARSHOT_PRECISION_FLOAT32);
    const std::vector<float> joined = test::run(operation.op, {1, 2, 3, 6, 7, 8}, {4, 5, 9, 10}, 2, 1, 1);
    CHECK(joined == (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

/* A ReLU that took a NaN for 0 would turn what is no sound, or no location, into a prediction. */
TEST(cuda_layers_let_nan_through) {
    const auto passes = [](std::int32_t kind, const std::vector<std::int32_t> &numbers, std::size_t weights,
                           std::size_t floats, std::int64_t frames, std::int64_t bands) {
        const test::Operation operation(kind, numbers, std::vector<float>(weights, 0.1F), EARSHOT_PRECISION_FLOAT32);
        std::vector<float> x(floats, 1.0F);
        x[0] = NAN;
        CHECK_THAT(std::isnan(test::run(operation.op, x, {}, 1, frames, bands)[0]), "kind " + std::to_string(kind));
    };
    passes(EARSHOT_LAYER_LINEAR, {3, 2, 1}, 8, 3, 1, 1);
    passes(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 4, 1, 1, 1, 1}, 36 + 4 + 4 + 4, 16, 4, 4);
    passes(EARSHOT_LAYER_RESIDUAL_SEPARABLE, {4, 4, 0}, 144 + 44 + 16, 64, 4, 4);
    passes(EARSHOT_LAYER_TRANSFORMER, {2, 1, 3}, 4 * 2 * 3 + 12 + 3 + 2 + 8, 6, 3, 1);
    passes(EARSHOT_LAYER_GRU, {3, 2}, 6 * 7, 6, 2, 1);
    passes(EARSHOT_LAYER_TOKEN_POOL, {2, 1}, 0, 8, 2, 2);
    passes(EARSHOT_LAYER_GATED_FUSION, {3}, 36, 3, 1, 1);
    passes(EARSHOT_LAYER_GLOBAL_POOL, {2, EARSHOT_POOL_MEAN}, 0, 400, 50, 4);
    passes(EARSHOT_LAYER_GLOBAL_POOL, {2, EARSHOT_POOL_MAX}, 0, 400, 50, 4);
}

/* Each call names what is wrong with it. */
TEST(cuda_new_layers_refuse) {
    const auto refused = [](std::int32_t kind, const std::vector<std::int32_t> &numbers, std::size_t weights,
                            const std::string &text) {
        const std::vector<float> values(weights, 1.0F);
        earshot_cuda_op *op = nullptr;
        const earshot_cuda_status status =
            earshot_cuda_op_create(kind, numbers.data(), static_cast<std::int64_t>(numbers.size()), values.data(),
                                   static_cast<std::int64_t>(weights), EARSHOT_PRECISION_FLOAT32, 0, &op);
        CHECK_THAT(status == EARSHOT_CUDA_INVALID_ARGUMENT && op == nullptr, text);
        CHECK_THAT(std::string(earshot_cuda_last_error()).find(text) != std::string::npos, earshot_cuda_last_error());
    };
    refused(EARSHOT_LAYER_BAND_NORM, {0}, 0, "bands: expected at least 1");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0}, 0, "numbers: 4; expected 6");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 2, 1}, 0, "numbers: 6; expected 7");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 0, 1, 0}, 0, "scales: expected at least 1 each");
    refused(EARSHOT_LAYER_TOKEN_POOL, {3, 0}, 0, "channels, tokens: expected at least 1 each");
    refused(EARSHOT_LAYER_TRANSFORMER, {6, 4, 1}, 0, "heads: expected a divisor of the width");
    refused(EARSHOT_LAYER_CONCATENATION, {3, 2}, 1, "weights: 1 floats; expected 0");
    refused(EARSHOT_LAYER_RESIDUAL_SEPARABLE, {2, 3, 0}, 0, "shortcut: the identity needs as many inputs as outputs");
    refused(EARSHOT_LAYER_GRU, {2, 0}, 0, "inputs, hidden: expected at least 1 each");
    refused(EARSHOT_LAYER_GRU, {2, 1}, 14, "weights: 14 floats; expected 15");
    refused(EARSHOT_LAYER_GATED_FUSION, {0}, 0, "width: expected at least 1");
}

TEST(cuda_new_layers_refuse_shapes) {
    const auto refused = [](std::int32_t kind, const std::vector<std::int32_t> &numbers, std::size_t weights,
                            std::int64_t frames, std::int64_t bands, const std::string &text) {
        const test::Operation operation(kind, numbers, std::vector<float>(weights, 1.0F), EARSHOT_PRECISION_FLOAT32);
        std::int64_t floats = 0;
        CHECK_THAT(earshot_cuda_op_output(operation.op, 1, frames, bands, &floats) == EARSHOT_CUDA_INVALID_ARGUMENT,
                   text);
        CHECK_THAT(std::string(earshot_cuda_last_error()).find(text) != std::string::npos, earshot_cuda_last_error());
    };
    refused(EARSHOT_LAYER_BAND_NORM, {3}, 6, 5, 4, "shape: 4 bands; expected 3");
    refused(EARSHOT_LAYER_SQUEEZE_EXCITATION, {1, 1, 1, 1, 1, 1}, 12, 1, 9, "than the pooling takes, 2");
    refused(EARSHOT_LAYER_RESIDUAL_SEPARABLE, {1, 1, 0}, 21, 9, 1, "than the pooling takes, 2");
    refused(EARSHOT_LAYER_TRANSFORMER, {1, 1, 1}, 16, 5, 2, "shape: expected bands 1 for tokens");
    refused(EARSHOT_LAYER_GRU, {6, 1}, 27, 5, 4, "shape: 4 bands; expected a divisor of 6");
    refused(EARSHOT_LAYER_CONCATENATION, {3, 2}, 0, 2, 1, "shape: expected frames and bands 1");
}

} // namespace
