/* 3x3 convolutions of one channel: the first layer of SE-Trans, whose output is cheaper to make twice than to keep. */
#pragma once

#include "gate.h"

namespace earshot {

/* Padded by 1: x [B, T, F] to z [B, T, F, C]. */
struct SingleChannel {
    std::int64_t batch;
    std::int32_t frames;
    std::int32_t bands;
    std::int32_t channels;
    Span<const float> weights; /* [9, C] */
    Span<const float> bias;    /* [C] */
    Span<const float> x;
};

/* out = z. */
cudaError_t enqueue(const SingleChannel &convolution, const Span<float> &out, cudaStream_t stream);

/* Parts that a clip is cut into, and the shares of the mean of z that each has: pools [B, slots, C], at 16 bytes. */
std::int64_t single_channel_slots(std::int64_t frames, std::int64_t bands, std::int32_t channels);
cudaError_t enqueue_means(const SingleChannel &convolution, const Span<float> &pools, cudaStream_t stream);

/* out = relu(z * gate). */
cudaError_t enqueue_gated(const SingleChannel &convolution, const Squeeze &squeeze, const Span<float> &out,
                          cudaStream_t stream);

} // namespace earshot
