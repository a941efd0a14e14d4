/* Norms over the channels of each token. */
#pragma once

#include "device.h"

namespace earshot {

/*
 * h = x for EARSHOT_NORM_NONE; (x - mean) / sqrt(variance + 1e-5) * scale + shift for EARSHOT_NORM_LAYER; and the
 * same with scale = gamma(c), shift = beta(c) for EARSHOT_NORM_CONDITIONAL. Of h it takes the RMS norm's factor,
 * 1 / sqrt(mean(h^2) + 1e-5), whose weight is multiplied into the product behind it.
 */
struct TokenNorm {
    std::int32_t kind;
    std::int64_t batch;
    std::int64_t tokens; /* of each clip */
    std::int32_t channels;
    std::int32_t condition_width;
    Span<const float> x;          /* [B, tokens, C] */
    Span<const float> parameters; /* LAYER: scale [C], shift [C]; CONDITIONAL: gamma W, b, beta W, b */
    Span<const float> condition;  /* [B, K] */
    Span<float> h;                /* [B, tokens, C]; empty for NONE, where h is x */
    Span<float> rms;              /* [B, tokens] */
};

cudaError_t enqueue(const TokenNorm &norm, cudaStream_t stream);

} // namespace earshot
