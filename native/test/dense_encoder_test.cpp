/* The dense encoder against the formulas, for every instruction set. */
#include "cpu_calls.h"
#include "errors.h"
#include "reference.h"

namespace {

/*
 * A chain of block_layers + 2 convolutions, each a float32 sum of up to a few hundred products whose result is brought
 * back to variance 1: rounding of 6e-8 grows with the root of the sum's length, then with the layers; the worst of many
 * numbers stays below 1e-5 of the root mean square unless a plane has so few positions that its variance is small.
 */
constexpr double TOLERANCE = 2e-5;

void compare(const test::EncoderShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             float offset = 0.0F) {
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    std::vector<float> x = random.vector(batch * frames * bands, -2.0F, 2.0F);
    for (float &v : x) {
        v += offset;
    }
    std::vector<float> weights = random.vector(shape.weight_count(), -0.5F, 0.5F);
    const test::Doubles expected = test::dense_encoder(shape, weights, x, batch, frames, bands);
    for (const test::Mode mode : test::modes()) {
        test::Operation operation;
        if (!test::made({EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights}, mode, operation)) {
            continue;
        }
        const std::vector<float> one = test::run(operation.op, 1, x, {}, batch, frames, bands);
        const double error = test::relative_error(one, expected);
        CHECK_THAT(error <= TOLERANCE, mode.name() + " error " + std::to_string(error * 1e6) + "e-6 above " +
                                           std::to_string(TOLERANCE * 1e6) + "e-6, C " +
                                           std::to_string(shape.channels) + " T " + std::to_string(frames) + " F " +
                                           std::to_string(bands));
        for (int threads = 2; threads <= 4; ++threads) {
            CHECK(test::same_bits(one, test::run(operation.op, threads, x, {}, batch, frames, bands)));
        }
    }
}

TEST(encoder_channels) {
    for (const std::int32_t c : {1, 3, 7, 8, 9, 15, 16, 17, 31, 33}) {
        compare(test::EncoderShape::paper(c, 2), 1, 7, 9);
    }
    for (const std::int32_t c : {63, 64, 65}) {
        compare(test::EncoderShape::paper(c, 1), 1, 5, 7);
    }
}

TEST(encoder_sizes) {
    for (const std::int64_t t : {1, 2, 5, 16, 17, 33}) {
        compare(test::EncoderShape::paper(5, 4), 2, t, 11);
    }
    for (const std::int64_t f : {3, 4, 8, 13, 14, 64}) {
        compare(test::EncoderShape::paper(5, 3), 1, 6, f);
    }
}

TEST(encoder_other_geometries) {
    compare({6, 0, {3, 3, 1, 1, 1, 1}}, 1, 5, 6);
    compare({6, 1, {5, 1, 6, 0, 3, 1, 2, 4, 0, 2, 1, 3}}, 1, 8, 9);
    compare({6, 2, {1, 5, 0, 2, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1}}, 1, 8, 9);
}

/* Frames that lie outside are left out, and take no time, however many of them there are. */
TEST(encoder_dilation_beyond_the_clip) {
    for (const std::int32_t dilation : {5, 6, 7, 24, 1 << 20}) {
        compare({16, 1, {3, 3, dilation, 1, dilation, 1, 1, 3, 0, 1, 1, 2}}, 1, 6, 9);
    }
}

/* Decibels: far from zero. The statistics may not cancel; the input itself is only known to 6e-8 of 100. */
TEST(encoder_far_from_zero) {
    compare(test::EncoderShape::paper(9, 2), 1, 20, 16, -64.0F);
}

} // namespace
