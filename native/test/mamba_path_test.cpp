/* The bidirectional path against the formulas, for every instruction set, over sizes that
 * straddle vectors and tiles. */
#include "bf16_tolerance.h"
#include "cpu_calls.h"
#include "cpu_operation.h"
#include "errors.h"
#include "reference.h"

namespace {

/*
 * Float32 rounds to 6e-8; a path is a chain of some ten roundings on sums that grow like the square root of their
 * length, and a slow state gathers the error of its decay (1e-5 of the exponent with AVX-512, see vecmath.h). Typical
 * is 1e-6 of the output's root mean square, the worst of some 10,000 numbers ten times that.
 */
constexpr double TOLERANCE = 2e-5;

void compare(test::MambaShape shape, std::int64_t batch, std::int64_t frames, std::int64_t bands,
             const std::vector<float> &weights) {
    test::Random random(static_cast<std::uint64_t>(frames * 131 + bands));
    const std::vector<float> x = random.vector(batch * frames * bands * shape.channels, -2.0F, 2.0F);
    const std::vector<float> condition = random.vector(batch * shape.condition, -1.0F, 1.0F);
    const test::Doubles exact = test::mamba_path(shape, weights, x, condition, batch, frames, bands);
    for (const test::Mode mode : test::modes()) {
        shape.precision = mode.precision;
        const bool bf16 = mode.precision == EARSHOT_PRECISION_BF16;
        const test::Doubles expected =
            bf16 ? test::mamba_path(shape, weights, x, condition, batch, frames, bands) : exact;
        const double tolerance = bf16 ? test::bf16_tolerance(expected, exact, 3 * shape.layers + 1) : TOLERANCE;
        test::Operation operation;
        if (!test::made({EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), weights}, mode, operation)) {
            continue;
        }
        CHECK(earshot_cpu_op_isa(operation.op) == mode.isa);
        const std::vector<float> one = test::run(operation.op, 1, x, condition, batch, frames, bands);
        const double error = bf16 ? test::mean_error(one, expected) : test::relative_error(one, expected);
        CHECK_THAT(error <= tolerance, mode.name() + " error " + std::to_string(error * 1e6) + "e-6 above " +
                                           std::to_string(tolerance * 1e6) + "e-6, C " +
                                           std::to_string(shape.channels) + " E " + std::to_string(shape.inner) +
                                           " N " + std::to_string(shape.states) + " R " + std::to_string(shape.rank) +
                                           " K " + std::to_string(shape.taps) + " T " + std::to_string(frames) + " F " +
                                           std::to_string(bands));
        for (int threads = 2; threads <= 4; ++threads) {
            CHECK(test::same_bits(one, test::run(operation.op, threads, x, condition, batch, frames, bands)));
        }
    }
}

void compare(const test::MambaShape &shape, std::int64_t batch, std::int64_t frames, std::int64_t bands) {
    compare(shape, batch, frames, bands, test::mamba_weights(shape, 7));
}

TEST(mamba_path_channels) {
    for (const std::int32_t c : {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 5, 1, c, 2 * c, 4, (c + 15) / 16, 4}, 1, 9, 3);
        compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, c, c + 1, 4, 2, 4}, 2, 3, 5);
    }
}

TEST(mamba_path_states_rank_taps) {
    for (const std::int32_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 33}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 8, 19, n, 3, 4}, 1, 12, 2);
    }
    for (const std::int32_t r : {1, 2, 4, 5, 17}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 8, 19, 3, r, 4}, 1, 12, 2);
    }
    for (const std::int32_t k : {1, 2, 3, 4, 5, 9}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 8, 19, 3, 1, k}, 1, 6, 2);
    }
}

TEST(mamba_path_lengths) {
    for (const std::int64_t t : {1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200}) {
        compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_LAYER, 0, 1, 16, 32, 16, 1, 4}, 1, t, 2);
        compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_LAYER, 0, 1, 16, 32, 16, 1, 4}, 2, 3, t);
    }
}

TEST(mamba_path_stacked_layers_and_batch) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 3, 3, 17, 34, 16, 2, 4}, 3, 70, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_CONDITIONAL, 3, 2, 17, 34, 16, 2, 4}, 3, 70, 7);
}

/* On every instruction set, in_proj by multiply-adds alone and by pairs, whatever this processor does of itself. */
void compare_both_products(const test::MambaShape &shape, const std::vector<float> &weights, std::int64_t frames) {
    const std::vector<std::int32_t> numbers = shape.numbers();
    test::Random random(3);
    const std::vector<float> x = random.vector(frames * 3 * shape.channels, -2.0F, 2.0F);
    const test::Doubles expected = test::mamba_path(shape, weights, x, {}, 1, frames, 3);
    for (const std::int32_t isa : test::isas()) {
        for (const bool adds_aside : {false, true}) {
            const std::unique_ptr<earshot_cpu_op> op =
                earshot::make_mamba_path({{numbers.data(), static_cast<std::int64_t>(numbers.size()), weights.data(),
                                           static_cast<std::int64_t>(weights.size())},
                                          isa,
                                          EARSHOT_PRECISION_FLOAT32,
                                          adds_aside});
            const double error = test::relative_error(test::run(op.get(), 1, x, {}, 1, frames, 3), expected);
            CHECK_THAT(error <= TOLERANCE, std::string(earshot_cpu_isa_name(isa)) + (adds_aside ? ", by pairs" : "") +
                                               ": error " + std::to_string(error * 1e6) + "e-6");
        }
    }
}

/*
 * Pairs have twice the rounding of one product of four, which the tolerance has room for; the seven and five frames leave
 * rows over at the end of a tile, and weights of 1e-6 and 1e6 are far from the size of what they are multiplied with.
 */
TEST(mamba_path_by_either_product) {
    const test::MambaShape shape = {EARSHOT_AXIS_TIME, EARSHOT_NORM_LAYER, 0, 2, 12, 64, 16, 1, 4};
    for (const float size : {1e-6F, 1.0F, 1e6F}) {
        std::vector<float> weights = test::mamba_weights(shape, 7);
        const std::size_t in_projection = 2 * 12 + 12;
        for (std::size_t i = 0; i < 2 * 64 * 12; ++i) {
            weights[in_projection + i] *= size;
        }
        for (const std::int64_t frames : {5, 7, 70}) {
            compare_both_products(shape, weights, frames);
        }
    }
}

/* A channel whose in_proj is small and whose out_proj makes up for it must not drown in the rounding of the others. */
TEST(mamba_path_uneven_channels) {
    const test::MambaShape shape = {EARSHOT_AXIS_TIME, EARSHOT_NORM_LAYER, 0, 1, 16, 64, 16, 1, 4};
    std::vector<float> weights = test::mamba_weights(shape, 11);
    const std::size_t mixer = (weights.size() - 2 * 16 - (2 * 16 * 16 + 16)) / 2;
    for (std::size_t direction = 0; direction < 2; ++direction) {
        const std::size_t first = 2 * 16 + direction * mixer;
        const std::size_t in_projection = first + 16;
        const std::size_t convolution_bias = in_projection + 2 * 64 * 16 + 64 * 4;
        const std::size_t out_projection = first + mixer - 16 * 64;
        for (std::size_t k = 0; k < 16; ++k) {
            weights[in_projection + 5 * 16 + k] *= 1e-4F;
            weights[out_projection + k * 64 + 5] *= 1e4F;
        }
        weights[convolution_bias + 5] = 0;
    }
    compare_both_products(shape, weights, 70);
}

TEST(mamba_path_paper_size) {
    compare({EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4}, 1, 150, 2);
    compare({EARSHOT_AXIS_FREQUENCY, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4}, 1, 5, 31);
}

/* Where one layer's tensors start: behind the norm. */
struct Places {
    std::size_t conv, dt_bias, a_log;
};

Places first_layer(const test::MambaShape &s) {
    const std::size_t c = static_cast<std::size_t>(s.channels);
    const std::size_t e = static_cast<std::size_t>(s.inner);
    const std::size_t conv = c + 2 * e * c;
    const std::size_t dt =
        conv + e * static_cast<std::size_t>(s.taps) + e + e * static_cast<std::size_t>(s.rank + 2 * s.states);
    const std::size_t dt_bias = dt + e * static_cast<std::size_t>(s.rank);
    return {conv, dt_bias, dt_bias + e};
}

TEST(mamba_path_extreme_steps_and_decays) {
    const test::MambaShape shape = {EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 8, 32, 16, 1, 4};
    const Places at = first_layer(shape);
    /* Steps from e^-60 (nothing happens) to 60 (all is forgotten); decays from 1e-13 to beyond float32's range. */
    for (const float bias : {-60.0F, -20.0F, 0.0F, 8.0F, 60.0F}) {
        for (const float a_log : {-30.0F, 0.0F, 5.0F, 30.0F, 80.0F}) {
            std::vector<float> weights = test::mamba_weights(shape, 3);
            for (std::size_t i = 0; i < 32; ++i) {
                weights[at.dt_bias + i] = bias;
            }
            for (std::size_t i = 0; i < 32 * 16; i += 3) {
                weights[at.a_log + i] = a_log;
            }
            compare(shape, 1, 100, 1, weights);
        }
    }
}

TEST(mamba_path_denormals) {
    const test::MambaShape shape = {EARSHOT_AXIS_TIME, EARSHOT_NORM_NONE, 0, 1, 8, 32, 16, 1, 4};
    std::vector<float> weights = test::mamba_weights(shape, 3);
    const Places at = first_layer(shape);
    for (std::size_t i = 0; i < 32 * 4; ++i) {
        weights[at.conv + i] *= 1e-39F;
    }
    compare(shape, 1, 20, 1, weights);
}

} // namespace
