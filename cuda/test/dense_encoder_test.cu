/* The dense encoder through the boundary, against the formulas in double precision, over sizes that straddle tiles,
 * chunks and warps, in every precision. */
#include "compare.h"
#include "device.h"

namespace {

/* As of the CPU kernels (native/test): typical is 1e-6 of the output's root mean square, the worst ten times that. */
constexpr double TOLERANCE = 2e-5;

void compare(test::EncoderShape shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             float offset = 0.0F) {
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    std::vector<float> x = random.vector(batch * frames * bands, -2.0F, 2.0F);
    for (float &v : x) {
        v += offset;
    }
    const std::vector<float> weights = random.vector(shape.weight_count(), -0.5F, 0.5F);
    const test::Doubles exact = test::dense_encoder(shape, weights, x, batch, frames, bands);
    shape.precision = EARSHOT_PRECISION_BF16;
    const test::Doubles rounded = test::dense_encoder(shape, weights, x, batch, frames, bands);
    /* The mean, its product with the scale and their sum each round at the input's distance from zero, in units of a
     * deviation of about 1; two layers behind may double that. */
    const double far = 3 * 2 * 2 * 0x1p-24 * std::fabs(static_cast<double>(offset));
    test::compare_modes(EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights, x, {}, exact, rounded, TOLERANCE, far,
                        batch, frames, bands);
}

TEST(cuda_encoder_channels) {
    for (const std::int32_t c : {1, 3, 8, 17, 64, 65}) {
        compare(test::EncoderShape::paper(c, 1), 1, 7, 9);
    }
}

TEST(cuda_encoder_sizes) {
    for (const std::int64_t t : {1, 2, 17}) {
        compare(test::EncoderShape::paper(5, 4), 2, t, 11);
    }
    compare(test::EncoderShape::paper(5, 4), 1, 40, 9);
    for (const std::int64_t f : {3, 13, 64, 70}) {
        compare(test::EncoderShape::paper(8, 3), 1, 6, f);
    }
}

/* 64 channels, which warpgroups multiply where there are any: dilations beyond the frames, tiles of 4 frames and 64
   bands that are whole or not, odd numbers of bands and positions; and the other devices' kernels at the same sizes. */
TEST(cuda_encoder_64_channels) {
    const auto compare_all = [] {
        compare(test::EncoderShape::paper(64, 4), 1, 3, 5);
        compare(test::EncoderShape::paper(64, 4), 2, 11, 13);
        compare(test::EncoderShape::paper(64, 2), 1, 9, 64);
        compare(test::EncoderShape::paper(64, 1), 2, 5, 67);
    };
    compare_all();
    earshot::allow_warpgroups(false);
    compare_all();
    earshot::allow_warpgroups(true);
}

TEST(cuda_encoder_other_geometries) {
    compare({6, 0, {3, 3, 1, 1, 1, 1}}, 1, 5, 6);
    compare({6, 1, {5, 1, 6, 0, 3, 1, 2, 4, 0, 2, 1, 3}}, 1, 8, 9);
    compare({6, 2, {1, 5, 0, 2, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1}}, 1, 8, 9);
}

/* Decibels: far from zero. The statistics may not cancel; the input itself is only known to 6e-8 of 100. */
TEST(cuda_encoder_far_from_zero) {
    compare(test::EncoderShape::paper(9, 2), 1, 20, 16, -64.0F);
}

} // namespace
