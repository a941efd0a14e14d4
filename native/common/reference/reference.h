/*
 * The layers as their formulas say, in double precision, one number at a time. With EARSHOT_PRECISION_BF16 the
 * factors of the products that the boundary names are rounded first, and nothing else.
 */
#pragma once

#include <cstdint>
#include <vector>

#include "earshot_layers.h"

namespace test {

using Doubles = std::vector<double>;

/* Sizes of a path; weights in the order of earshot_layers.h. */
struct MambaShape {
    std::int32_t axis, norm, condition, layers, channels, inner, states, rank, taps;
    std::int32_t precision = EARSHOT_PRECISION_FLOAT32;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
};

/* Random weights of a trained network's size: A_log around log(1..N), dt biases for steps of 1e-3 to 1e-1. */
std::vector<float> mamba_weights(const MambaShape &shape, std::uint64_t seed);

Doubles mamba_path(const MambaShape &shape, const std::vector<float> &weights, const std::vector<float> &x,
                   const std::vector<float> &condition, std::int64_t batch, std::int64_t frames, std::int64_t bands);

struct EncoderShape {
    std::int32_t channels, block_layers;
    std::vector<std::int32_t> geometry;
    std::int32_t precision = EARSHOT_PRECISION_FLOAT32;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
    std::int64_t output_frames(std::int64_t frames) const;
    std::int64_t output_bands(std::int64_t bands) const;
    /* The paper's: block layers 3x3 with dilations 1, 2, 4..., last (1, 3) with stride 2. */
    static EncoderShape paper(std::int32_t channels, std::int32_t block_layers);
};

Doubles dense_encoder(const EncoderShape &shape, const std::vector<float> &weights, const std::vector<float> &x,
                      std::int64_t batch, std::int64_t frames, std::int64_t bands);

struct SqueezeShape {
    std::int32_t inputs, outputs, hidden, pooled;
    std::vector<std::int32_t> scales;
    std::int32_t precision = EARSHOT_PRECISION_FLOAT32;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
};

Doubles squeeze_excitation(const SqueezeShape &shape, const std::vector<float> &weights, const std::vector<float> &x,
                           std::int64_t batch, std::int64_t frames, std::int64_t bands);

struct SeparableShape {
    std::int32_t inputs, outputs, shortcut;
    std::int32_t precision = EARSHOT_PRECISION_FLOAT32;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
};

Doubles residual_separable(const SeparableShape &shape, const std::vector<float> &weights, const std::vector<float> &x,
                           std::int64_t batch, std::int64_t frames, std::int64_t bands);

struct TransformerShape {
    std::int32_t width, heads, hidden;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
};

Doubles transformer(const TransformerShape &shape, const std::vector<float> &weights, const std::vector<float> &x,
                    std::int64_t batch, std::int64_t tokens);

struct GruShape {
    std::int32_t inputs, hidden;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
};

Doubles gru(const GruShape &shape, const std::vector<float> &weights, const std::vector<float> &x, std::int64_t batch,
            std::int64_t frames);

Doubles token_pool(std::int32_t channels, std::int32_t tokens, const std::vector<float> &x, std::int64_t batch,
                   std::int64_t frames, std::int64_t bands);

Doubles gated_fusion(std::int32_t width, const std::vector<float> &weights, const std::vector<float> &x,
                     std::int64_t batch);

Doubles linear(std::int32_t inputs, std::int32_t outputs, bool relu, const std::vector<float> &weights,
               const std::vector<float> &x, std::int64_t batch);

struct ContextShape {
    std::int32_t rows, location_width, time_inputs, time_width, outputs;

    std::vector<std::int32_t> numbers() const;
    std::int64_t weight_count() const;
};

Doubles context_encoder(const ContextShape &shape, const std::vector<float> &weights,
                        const std::vector<float> &location, const std::vector<float> &time);

/* One of EARSHOT_POOL_*. */
Doubles global_pool(std::int32_t channels, std::int32_t pool, const std::vector<float> &x, std::int64_t batch);

Doubles band_norm(std::int32_t bands, const std::vector<float> &weights, const std::vector<float> &x);

} // namespace test
