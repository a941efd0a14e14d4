/* One small layer of each kind. */
#pragma once

#include "cpu_calls.h"
#include "reference.h"

namespace test {

inline std::vector<Packed> examples() {
    Random random(12);
    const auto weights = [&](std::int64_t count) { return random.vector(count, -1.0F, 1.0F); };
    const MambaShape path = {EARSHOT_AXIS_TIME, EARSHOT_NORM_CONDITIONAL, 2, 1, 3, 5, 2, 1, 4};
    const EncoderShape encoder = EncoderShape::paper(3, 2);
    const SqueezeShape squeeze = {3, 2, 2, 1, {1, 2}};
    const SeparableShape separable = {3, 2, 1};
    const TransformerShape tokens = {4, 2, 3};
    const GruShape gates = {6, 2};
    return {
        {EARSHOT_LAYER_LINEAR, {3, 3, 0}, weights(3 * 4)},
        {EARSHOT_LAYER_GLOBAL_POOL, {3, EARSHOT_POOL_MEAN}, {}},
        {EARSHOT_LAYER_CONTEXT, {3, 2, 8, 2, 2}, weights(3 * 2 + 2 * 8 + 2 + 2 * 4 + 2)},
        {EARSHOT_LAYER_DENSE_ENCODER, encoder.numbers(), weights(encoder.weight_count())},
        {EARSHOT_LAYER_MAMBA_PATH, path.numbers(), mamba_weights(path, 1)},
        {EARSHOT_LAYER_BAND_NORM, {2}, weights(4)},
        {EARSHOT_LAYER_SQUEEZE_EXCITATION, squeeze.numbers(), weights(squeeze.weight_count())},
        {EARSHOT_LAYER_TOKEN_POOL, {3, 4}, {}},
        {EARSHOT_LAYER_TRANSFORMER, tokens.numbers(), weights(tokens.weight_count())},
        {EARSHOT_LAYER_CONCATENATION, {3, 2}, {}},
        {EARSHOT_LAYER_RESIDUAL_SEPARABLE, separable.numbers(), weights(separable.weight_count())},
        {EARSHOT_LAYER_GRU, gates.numbers(), weights(gates.weight_count())},
        {EARSHOT_LAYER_GATED_FUSION, {3}, weights(3 * 4 * 3)},
        {EARSHOT_LAYER_LOG_MEL, {16, 16, 8, 1, 4, EARSHOT_PAD_REFLECT, 1, 2}, {0.5F, 0.5F, 80.0F}},
    };
}

} // namespace test
