/*
 * Two-dimensional convolutions over [B, T, F, C], with the normalisation of what they read and the statistics of what
 * they write.
 */
#pragma once

#include "packing.h"

namespace earshot {

struct ConvolutionGeometry {
    std::int32_t kernel_time;
    std::int32_t kernel_frequency;
    std::int32_t padding_time;
    std::int32_t padding_frequency;
    std::int32_t dilation_time;
    std::int32_t stride_frequency;

    std::int64_t frames_out(std::int64_t frames) const {
        return frames + 2 * padding_time - static_cast<std::int64_t>(dilation_time) * (kernel_time - 1);
    }
    std::int64_t bands_out(std::int64_t bands) const {
        return (bands + 2 * padding_frequency - kernel_frequency) / stride_frequency + 1;
    }
};

/*
 * The planes [B, T, F, C] of a dense block: plane p begins at p * plane_step of `values`. As raw outputs of
 * convolutions they are normalised when they are read: PReLU(x * scale[p, b, c] + shift[p, b, c]). `norms` holds for
 * each plane [B, 2, C] (scales, then shifts) from p * norm_step on; with `norms` empty, values are taken as they are.
 */
struct Planes {
    Span<const float> values;
    std::int64_t plane_step;
    Span<const float> norms;
    std::int64_t norm_step;
    Span<const float> slopes; /* [planes, C] */
    std::int32_t channels;    /* C */
};

/*
 * out = weight * [plane first, first - 1, ..., 0] + bias: newest first, as the concatenation of a dense block orders
 * them. The planes' frames and bands are zero outside (after the normalisation).
 */
struct Convolution {
    std::int64_t batch;
    std::int32_t frames;
    std::int32_t bands;
    std::int32_t frames_out;
    std::int32_t bands_out;
    ConvolutionGeometry geometry;
    Planes input;
    std::int32_t first;
    Span<const std::uint32_t> weights;
    Span<const float> bias; /* [O], or empty */
    std::int32_t channels_out;
    Span<float> out; /* [B, T', F', O] */
    /* For each clip and each of convolution_tiles(): mean [O] and sum of squared deviations [O]; or empty. */
    Span<float> statistics;
};

/* Tiles of positions that a clip's output is cut into. */
std::int64_t convolution_tiles(const ConvolutionGeometry &geometry, std::int64_t frames_out, std::int64_t bands_out);

/* Packs weights [O, I, KT, KF], I = planes * C, for the planes newest first. */
std::vector<std::uint32_t> pack_convolution(const float *weights, std::int32_t channels_out, std::int32_t planes,
                                            std::int32_t channels, const ConvolutionGeometry &geometry,
                                            Arithmetic arithmetic);

cudaError_t enqueue(const Convolution &convolution, Arithmetic arithmetic, cudaStream_t stream);

/*
 * From statistics to the scale and shift of an instance norm: scale = weight / sqrt(variance + 1e-5), shift = bias -
 * mean * scale, into norms [B, 2, O].
 */
struct InstanceNorm {
    Convolution of;
    Span<const float> weight;
    Span<const float> bias;
    Span<float> norms;
};

cudaError_t enqueue(const InstanceNorm &norm, cudaStream_t stream);

/* out = PReLU(x * scale[b, c] + shift[b, c]): the last plane of an encoder, normalised for readers that do not. */
struct Normalise {
    std::int64_t batch;
    std::int64_t positions; /* T F */
    std::int32_t channels;
    Span<const float> values;
    Span<const float> norms;
    Span<const float> slopes;
    Span<float> out;
};

cudaError_t enqueue(const Normalise &normalise, cudaStream_t stream);

} // namespace earshot
