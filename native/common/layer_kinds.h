/* The kinds of layers: the one list that both libraries' factories are made of. */
#pragma once

#include <cstdint>

#include "earshot_layers.h"

/*
 * KIND(constant, name) for each kind: EARSHOT_LAYER_<constant> of earshot_layers.h, and the name that its functions and
 * its files in native/ and cuda/ have after the layer's class in Java.
 */
#define EARSHOT_LAYER_KINDS(KIND)                                                                                      \
    KIND(LINEAR, linear)                                                                                               \
    KIND(GLOBAL_POOL, global_pool)                                                                                     \
    KIND(CONTEXT, context_encoder)                                                                                     \
    KIND(DENSE_ENCODER, dense_encoder)                                                                                 \
    KIND(MAMBA_PATH, mamba_path)                                                                                       \
    KIND(BAND_NORM, band_norm)                                                                                         \
    KIND(SQUEEZE_EXCITATION, squeeze_excitation)                                                                       \
    KIND(TOKEN_POOL, token_pool)                                                                                       \
    KIND(TRANSFORMER, transformer)                                                                                     \
    KIND(CONCATENATION, concatenation)                                                                                 \
    KIND(RESIDUAL_SEPARABLE, residual_separable)                                                                       \
    KIND(GRU, gru)                                                                                                     \
    KIND(GATED_FUSION, gated_fusion)                                                                                   \
    KIND(LOG_MEL, log_mel_spectrogram)

namespace earshot {

#define EARSHOT_NUMBER(constant, name) EARSHOT_LAYER_##constant,
constexpr std::int32_t ALL_LAYER_KINDS[] = {EARSHOT_LAYER_KINDS(EARSHOT_NUMBER)};
#undef EARSHOT_NUMBER

} // namespace earshot
