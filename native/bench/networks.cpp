#include "networks.h"

namespace bench {

namespace {

constexpr std::int64_t FRAMES = 500;
constexpr std::int64_t BANDS = 64;

std::vector<float> weights_of(std::int64_t count, std::int64_t inputs) {
    const float spread = 1.0F / std::sqrt(static_cast<float>(inputs));
    return test::Random(static_cast<std::uint64_t>(count)).vector(count, -spread, spread);
}

Layer encoder() {
    const test::EncoderShape shape = test::EncoderShape::paper(64, 4);
    const std::vector<float> weights = weights_of(shape.weight_count(), 400);
    return {"encoder",
            1,
            {EARSHOT_LAYER_DENSE_ENCODER, shape.numbers(), weights},
            FRAMES,
            BANDS,
            1,
            0,
            FRAMES * (BANDS * (64.0 + 9 * 64 * 64 * (1 + 2 + 3 + 4)) + 31 * 3 * 64 * 64),
            0,
            6,
            BANDS,
            [=](const std::vector<float> &x, const std::vector<float> &, std::int32_t) {
                return test::dense_encoder(shape, weights, x, 1, 6, BANDS);
            }};
}

Layer path(std::int32_t axis) {
    const std::int64_t bands = 31;
    const test::MambaShape shape = {axis, EARSHOT_NORM_CONDITIONAL, 32, 1, 64, 256, 16, 4, 4};
    const std::vector<float> weights = test::mamba_weights(shape, 5);
    const bool time = axis == EARSHOT_AXIS_TIME;
    const std::int64_t few_frames = time ? 150 : 4;
    const std::int64_t few_bands = time ? 2 : bands;
    return {time ? "time" : "frequency",
            4,
            {EARSHOT_LAYER_MAMBA_PATH, shape.numbers(), weights},
            FRAMES,
            bands,
            64,
            32,
            FRAMES * bands * 2.0 * (64 * 512 + 256 * 4 + 256 * 36 + 4 * 256 + 256 * 64 + 64 * 64),
            2.0 * FRAMES * bands * 256 * 16,
            few_frames,
            few_bands,
            [=](const std::vector<float> &x, const std::vector<float> &condition, std::int32_t precision) {
                test::MambaShape rounded = shape;
                rounded.precision = precision;
                return test::mamba_path(rounded, weights, x, condition, 1, few_frames, few_bands);
            }};
}

Layer squeeze_excitation(std::int64_t frames, std::int64_t bands, std::int32_t inputs, std::int32_t outputs,
                         bool pooled) {
    const test::SqueezeShape shape = {inputs, outputs, outputs / 16, pooled ? 1 : 0, {1, 2, 3}};
    const std::vector<float> weights = weights_of(shape.weight_count(), 9 * inputs);
    return {"se " + std::to_string(inputs) + "-" + std::to_string(outputs),
            1,
            {EARSHOT_LAYER_SQUEEZE_EXCITATION, shape.numbers(), weights},
            frames,
            bands,
            inputs,
            0,
            static_cast<double>(frames * bands * 9 * inputs * outputs),
            0,
            6,
            bands,
            [=](const std::vector<float> &x, const std::vector<float> &, std::int32_t) {
                return test::squeeze_excitation(shape, weights, x, 1, 6, bands);
            }};
}

Layer separable(std::int64_t frames, std::int64_t bands, std::int32_t inputs, std::int32_t outputs) {
    const test::SeparableShape shape = {inputs, outputs, 1};
    const std::vector<float> weights = weights_of(shape.weight_count(), 9 * inputs);
    return {"block " + std::to_string(inputs) + "-" + std::to_string(outputs),
            1,
            {EARSHOT_LAYER_RESIDUAL_SEPARABLE, shape.numbers(), weights},
            frames,
            bands,
            inputs,
            0,
            static_cast<double>(frames * bands) * outputs * (9 * inputs + 9 + outputs + inputs),
            0,
            6,
            bands,
            [=](const std::vector<float> &x, const std::vector<float> &, std::int32_t) {
                return test::residual_separable(shape, weights, x, 1, 6, bands);
            }};
}

/* A layer that computes in float32 whatever the precision, compared at its own size. */
template <class Formula>
Layer small(const char *name, test::Packed packed, std::int64_t frames, std::int64_t bands, std::int64_t channels,
            double multiply_adds, const Formula &formula) {
    const auto any_precision = [=](const std::vector<float> &x, const std::vector<float> &, std::int32_t) {
        return formula(x);
    };
    return {name, 1, std::move(packed), frames, bands, channels, 0, multiply_adds, 0, frames, bands, any_precision};
}

Layer transformer() {
    const test::TransformerShape shape = {128, 8, 32};
    const std::vector<float> weights = weights_of(shape.weight_count(), shape.width);
    return small("transformer", {EARSHOT_LAYER_TRANSFORMER, shape.numbers(), weights}, 16, 1, 128,
                 16.0 * (4 * 128 * 128 + 2 * 128 * 32 + 2 * 16 * 128),
                 [=](const std::vector<float> &x) { return test::transformer(shape, weights, x, 1, 16); });
}

Layer gru() {
    const test::GruShape shape = {1024, 64};
    const std::vector<float> weights = weights_of(shape.weight_count(), shape.inputs);
    return small("gru", {EARSHOT_LAYER_GRU, shape.numbers(), weights}, 62, 8, 128, 62.0 * 192 * (1024 + 64),
                 [=](const std::vector<float> &x) { return test::gru(shape, weights, x, 1, 62); });
}

Layer gated_fusion() {
    const std::vector<float> weights = weights_of(3 * 96 * 97, 96);
    return small("gated fusion", {EARSHOT_LAYER_GATED_FUSION, {96}, weights}, 1, 1, 96, 3.0 * 96 * 96,
                 [=](const std::vector<float> &x) { return test::gated_fusion(96, weights, x, 1); });
}

Layer token_pool() {
    return small("token pool", {EARSHOT_LAYER_TOKEN_POOL, {128, 16}, {}}, 125, 16, 128, 125.0 * 16 * 128,
                 [](const std::vector<float> &x) { return test::token_pool(128, 16, x, 1, 125, 16); });
}

Layer band_norm() {
    const std::vector<float> weights = weights_of(2 * BANDS, 1);
    return small("band norm", {EARSHOT_LAYER_BAND_NORM, {BANDS}, weights}, FRAMES, BANDS, 1, FRAMES * BANDS,
                 [=](const std::vector<float> &x) {
                     test::Doubles y;
                     for (std::size_t i = 0; i < x.size(); ++i) {
                         y.push_back(static_cast<double>(x[i]) * static_cast<double>(weights[i % BANDS]) +
                                     static_cast<double>(weights[BANDS + i % BANDS]));
                     }
                     return y;
                 });
}

} // namespace

std::vector<Network> networks() {
    return {{"ASCMamba", {encoder(), path(EARSHOT_AXIS_TIME), path(EARSHOT_AXIS_FREQUENCY)}},
            {"SE-Trans",
             {band_norm(), squeeze_excitation(FRAMES, BANDS, 1, 64, false),
              squeeze_excitation(FRAMES, BANDS, 64, 64, true), squeeze_excitation(250, 32, 64, 128, false),
              squeeze_excitation(250, 32, 128, 128, true), token_pool(), transformer()}},
            {"MobileASCNet",
             {separable(FRAMES, BANDS, 1, 32), separable(250, 32, 32, 64), separable(125, 16, 64, 128), gru(),
              gated_fusion()}}};
}

} // namespace bench
