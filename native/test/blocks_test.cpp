/* The convolutional blocks of SE-Trans and MobileASCNet against the formulas, for every instruction set. */
#include "operation.h"
#include "reference.h"

namespace {

/*
 * Float32 sums of up to 9 * 128 products, each rounded to 6e-8: the error grows with the root of their number, to 1e-6
 * of the root mean square typically, ten times that for the worst of some 10,000 numbers.
 */
constexpr double TOLERANCE = 1e-5;

/* Weights for sums of about unit variance out of inputs of about unit variance. */
std::vector<float> weights_of(std::int64_t count, std::int32_t inputs) {
    const float spread = 1.0F / std::sqrt(3.0F * static_cast<float>(inputs));
    test::Random random(static_cast<std::uint64_t>(count));
    return random.vector(count, -spread, spread);
}

/* Formula is a function of (shape, weights, x and its extents). Bfloat16 changes nothing for these layers. */
template <class Shape, class Formula>
void compare(std::int32_t kind, const Shape &shape, const Formula &formula, std::int64_t batch, std::int64_t frames,
             std::int64_t bands) {
    const std::vector<float> weights = weights_of(shape.weight_count(), shape.inputs);
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> x = random.vector(batch * frames * bands * shape.inputs, -2.0F, 2.0F);
    const test::Doubles expected = formula(shape, weights, x, batch, frames, bands);
    for (const test::Mode mode : test::modes()) {
        test::Operation operation;
        if (!test::made({kind, shape.numbers(), weights}, mode, operation)) {
            continue;
        }
        const std::vector<float> one = test::run(operation.op, 1, x, {}, batch, frames, bands);
        const double error = test::relative_error(one, expected);
        CHECK_THAT(error <= TOLERANCE, mode.name() + " error " + std::to_string(error * 1e6) + "e-6, I " +
                                           std::to_string(shape.inputs) + " O " + std::to_string(shape.outputs) +
                                           " T " + std::to_string(frames) + " F " + std::to_string(bands));
        CHECK(test::same_bits(one, test::run(operation.op, 3, x, {}, batch, frames, bands)));
    }
}

void compare(const test::SqueezeShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    compare(EARSHOT_LAYER_SQUEEZE_EXCITATION, shape, test::squeeze_excitation, batch, frames, bands);
}

void compare(const test::SeparableShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    compare(EARSHOT_LAYER_RESIDUAL_SEPARABLE, shape, test::residual_separable, batch, frames, bands);
}

TEST(squeeze_excitation_channels) {
    for (const std::int32_t c : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33}) {
        compare(test::SqueezeShape{c, 18 - c % 18, 3, 1, {1}}, 1, 7, 9);
        compare(test::SqueezeShape{5, c, 2, 0, {1, 2, 3}}, 2, 6, 5);
        compare(test::SqueezeShape{1, c, 2, c % 2, {2}}, 1, 5, 8);
    }
    /* On both sides of what is enough for Winograd's algorithm. */
    for (const std::int32_t c : {15, 16, 17, 31, 32, 33}) {
        compare(test::SqueezeShape{c, 48 - c, 3, c % 2, {1}}, 1, 5, 7);
    }
    compare(test::SqueezeShape{64, 65, 4, 1, {1, 2}}, 1, 5, 6);
    compare(test::SqueezeShape{65, 64, 4, 0, {1}}, 1, 5, 6);
}

TEST(squeeze_excitation_sizes) {
    for (const std::int64_t t : {1, 2, 3, 4, 5, 15, 16, 17, 18, 33, 70}) {
        compare(test::SqueezeShape{3, 5, 2, t > 1 ? 1 : 0, {1, 2, 3}}, 2, t, 11);
        compare(test::SqueezeShape{3, 5, 2, 0, {4}}, 1, t, 3);
    }
    for (const std::int64_t f : {1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 64}) {
        compare(test::SqueezeShape{3, 5, 2, f > 1 ? 1 : 0, {3, 1}}, 1, 18, f);
    }
}

/* Patches of 2 frames by 4 bands that stick out, chunks of patches that are not full, blocks of 16 frames. */
TEST(squeeze_excitation_winograd_sizes) {
    for (const std::int64_t t : {1, 2, 3, 4, 5, 7, 15, 16, 17, 18, 19, 35}) {
        compare(test::SqueezeShape{17, 16, 2, t > 1 ? 1 : 0, {1, 2}}, 2, t, 9);
        compare(test::SqueezeShape{16, 19, 2, 0, {1}}, 1, t, 30);
    }
    for (const std::int64_t f : {1, 2, 3, 4, 5, 6, 7, 8, 63, 64, 65, 97, 100}) {
        compare(test::SqueezeShape{16, 17, 2, 0, {1}}, 1, 5, f);
    }
}

TEST(squeeze_excitation_paper_size) {
    compare(test::SqueezeShape{64, 128, 8, 0, {1, 2, 3}}, 1, 9, 32);
    compare(test::SqueezeShape{128, 128, 8, 1, {1, 2, 3}}, 1, 9, 32);
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

TEST(residual_separable_paper_size) {
    compare(test::SeparableShape{1, 32, 1}, 1, 6, 64);
    compare(test::SeparableShape{32, 64, 1}, 1, 6, 32);
    compare(test::SeparableShape{64, 128, 1}, 1, 6, 16);
}

} // namespace
