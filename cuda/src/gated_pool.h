/* A gate, ReLU and mean pooling by 2 x 2 in one pass. */
#pragma once

#include "gate.h"

namespace earshot {

/*
 * y = relu(x * gate[b, c]), then the mean of 2 x 2 positions if `pooled`, an odd last frame or band left out:
 * [B, T, F, C] to [B, T, F, C] or [B, T / 2, F / 2, C]. The gate is 1, given, or made of a squeeze.
 */
struct GatedPool {
    std::int64_t batch;
    std::int64_t frames;
    std::int64_t bands;
    std::int32_t channels;
    bool pooled;
    Span<const float> x;
    Span<const float> gate; /* [B, C], or empty */
    Squeeze squeeze;        /* with 0 slots for none */
    Span<float> out;

    __host__ __device__ std::int64_t frames_out() const { return pooled ? frames / 2 : frames; }
    __host__ __device__ std::int64_t bands_out() const { return pooled ? bands / 2 : bands; }
};

cudaError_t enqueue(const GatedPool &pool, std::int32_t multiprocessors, cudaStream_t stream);

} // namespace earshot
