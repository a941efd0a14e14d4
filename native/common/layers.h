/*
 * The layers of earshot_layers.h, taken apart and checked: sizes, and where each tensor begins in the weights handed
 * in (which live only as long as the call that hands them in).
 */
#pragma once

#include <string>
#include <vector>

#include "boundary.h"

namespace earshot {

struct LinearLayer {
    std::int32_t inputs, outputs;
    bool relu;
    const float *weight, *bias;

    explicit LinearLayer(const Packing &packing);
};

struct GlobalPoolLayer {
    std::int32_t channels;
    bool maximum;

    explicit GlobalPoolLayer(const Packing &packing);
};

struct ContextEncoderLayer {
    std::int32_t rows, location_width, time_inputs, time_width;
    std::int32_t outputs; /* 0 without a projection */
    const float *embedding, *mapping, *mapping_bias, *projection, *projection_bias;

    explicit ContextEncoderLayer(const Packing &packing);
};

struct EncoderConvolution {
    std::int32_t inputs;
    std::int32_t kernel_time, kernel_frequency, padding_time, padding_frequency, dilation_time, stride_frequency;
    const float *weight, *bias, *norm_weight, *norm_bias, *slopes;
};

struct DenseEncoderLayer {
    std::int32_t channels, block_layers;
    /* The 1x1 convolution, the block's, the last one. */
    std::vector<EncoderConvolution> convolutions;

    explicit DenseEncoderLayer(const Packing &packing);
    /* What failures call block layer i; the last convolution comes after them. */
    std::string name(std::int32_t i) const;
};

struct MambaMixer {
    const float *norm, *in_projection, *convolution, *convolution_bias, *x_projection, *dt_projection, *dt_bias, *a_log,
        *skip, *out_projection;
};

struct MambaPathLayer {
    std::int32_t axis, norm, condition, layers, channels, inner, states, rank, taps;
    /* NORM_LAYER: scale and shift; NORM_CONDITIONAL: gamma and beta, each with a bias. */
    const float *scale, *shift, *gamma, *gamma_bias, *beta, *beta_bias;
    std::vector<MambaMixer> directions[2];
    const float *projection, *projection_bias;

    explicit MambaPathLayer(const Packing &packing);
};

struct BandNormLayer {
    std::int32_t bands;
    const float *scale, *shift;

    explicit BandNormLayer(const Packing &packing);
};

struct SqueezeExcitationLayer {
    std::int32_t inputs, outputs, hidden;
    bool pooled;
    std::vector<std::int32_t> scales;
    Index bins; /* the sum of the scales' squares */
    const float *convolution, *bias, *narrow, *widen;

    explicit SqueezeExcitationLayer(const Packing &packing);
};

struct TokenPoolLayer {
    std::int32_t channels, tokens;

    explicit TokenPoolLayer(const Packing &packing);
};

struct TransformerLayer {
    std::int32_t width, heads, hidden;
    const float *in, *in_bias, *out, *out_bias, *widen, *widen_bias, *narrow, *narrow_bias;
    /* Of the two norms. */
    const float *scale[2], *shift[2];

    explicit TransformerLayer(const Packing &packing);
};

struct ConcatenationLayer {
    std::int32_t first, second;

    explicit ConcatenationLayer(const Packing &packing);
};

struct ResidualSeparableLayer {
    std::int32_t inputs, outputs;
    bool projects; /* the shortcut */
    const float *convolution, *bias, *depthwise, *pointwise, *pointwise_bias, *shortcut, *shortcut_bias;

    explicit ResidualSeparableLayer(const Packing &packing);
};

struct GruLayer {
    std::int32_t inputs, hidden;
    const float *input_weight, *state_weight, *input_bias, *state_bias;

    explicit GruLayer(const Packing &packing);
};

struct GatedFusionLayer {
    std::int32_t width;
    const float *carry, *carry_bias, *gate, *gate_bias, *transform, *transform_bias;

    explicit GatedFusionLayer(const Packing &packing);
};

struct MelFilter {
    std::int32_t first_bin, bins;
    const float *weights;
};

struct LogMelSpectrogramLayer {
    std::int32_t n_fft, window_length, hop, bands, frames;
    bool reflect;
    std::vector<MelFilter> filters;
    float top_decibel;

    explicit LogMelSpectrogramLayer(const Packing &packing);
};

} // namespace earshot
