/*
 * The dense encoder and the Mamba path through the boundary, against the formulas in double precision, over sizes that
 * straddle tiles, chunks and warps, in every precision.
 */
#include "errors.h"
#include "operation.h"
#include "reference.h"
#include "tolerance.h"

namespace {

/* As of the CPU kernels (native/test): typical is 1e-6 of the output's root mean square, the worst ten times that. */
constexpr double TOLERANCE = 2e-5;

void check_modes(std::int32_t kind, const std::vector<std::int32_t> &numbers, const std::vector<float> &weights,
                 const std::vector<float> &x, const std::vector<float> &condition, std::int64_t batch,
                 std::int64_t frames, std::int64_t bands, const test::Doubles &exact, const test::Doubles &rounded,
                 double offset) {
    for (const test::Mode mode : test::cuda_modes()) {
        const test::Operation operation(kind, numbers, weights, mode.precision);
        const std::vector<float> actual = test::run(operation.op, x, condition, batch, frames, bands);
        const bool full = mode.precision == EARSHOT_PRECISION_FLOAT32;
        const double error = full ? test::relative_error(actual, exact) : test::mean_error(actual, exact);
        /* The mean, its product with the scale and their sum each round at the input's distance from zero, in units of
         * a deviation of about 1; two layers behind may double that. */
        const double far = 3 * 2 * 2 * 0x1p-24 * std::fabs(offset);
        const double allowed = (full ? TOLERANCE : test::tolerance(mode.precision, exact, rounded)) + far;
        std::string text = std::string(mode.name) + " error " + std::to_string(error * 1e6) + "e-6 above " +
                           std::to_string(allowed * 1e6) + "e-6, numbers";
        for (const std::int32_t n : numbers) {
            text += " " + std::to_string(n);
        }
        CHECK_THAT(error <= allowed, text + " B " + std::to_string(batch) + " T " + std::to_string(frames) + " F " +
                                         std::to_string(bands));
    }
}

void compare(test::MambaShape shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> weights = test::mamba_weights(shape, 7);
    const std::vector<float> x = random.vector(batch * frames * bands * shape.channels, -2.0F, 2.0F);
    const std::vector<float> condition = random.vector(batch * shape.condition, -1.0F, 1.0F);
    const test::Doubles exact = test::mamba_path(shape, weights, x, condition, batch, frames, bands);
    shape.precision = EARSHOT_PRECISION_BF16;
    const test::Doubles rounded = test::mamba_path(shape, weights, x, condition, batch, frames, bands);
    check_modes(EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), weights, x, condition, batch, frames, bands, exact, rounded,
                0);
}

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
    check_modes(EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights, x, {}, batch, frames, bands, exact, rounded,
                static_cast<double>(offset));
}

TEST(cuda_mamba_path_channels) {
    for (const std::int32_t c : {1, 3, 8, 17, 32, 65}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 5, 1, c, 2 * c, 4, (c + 15) / 16, 4}, 1, 9, 3);
        compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, c, c + 1, 4, 2, 4}, 2, 3, 5);
    }
}

TEST(cuda_mamba_path_stacked_layers_and_batch) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 3, 3, 17, 34, 16, 2, 4}, 3, 20, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_NONE, 0, 2, 16, 32, 16, 2, 4}, 2, 9, 7);
}

TEST(cuda_mamba_path_paper_width) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4}, 1, 70, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4}, 1, 5, 31);
}

TEST(cuda_encoder_channels) {
    for (const std::int32_t c : {1, 3, 8, 17, 64, 65}) {
        compare(test::EncoderShape::paper(c, 1), 1, 7, 9);
    }
}

TEST(cuda_encoder_sizes) {
    for (const std::int64_t t : {1, 2, 17, 40}) {
        compare(test::EncoderShape::paper(5, 4), 2, t, 11);
    }
    for (const std::int64_t f : {3, 13, 64, 70}) {
        compare(test::EncoderShape::paper(8, 3), 1, 6, f);
    }
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
