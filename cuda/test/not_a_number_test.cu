/* What is no number stays none, in every layer that a comparison could lose it in. */
#include "cuda_calls.h"

namespace {

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

} // namespace
