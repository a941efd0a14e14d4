/* Mean pooling over time and frequency. */
#pragma once

#include "device.h"

namespace earshot {

/* How a clip's positions are pooled: rows * columns bins, PyTorch's. */
struct PoolGrid {
    std::int32_t rows;
    std::int32_t columns;
};

/*
 * Adaptive mean pools of x [B, T, F, C] for all `grids`, one behind the other, bins in the order of rows and columns.
 * Bin i of n covers floor(i L / n) to ceil((i + 1) L / n). A bin is cut into `parts`, whose shares of its mean are
 * written side by side: out [B, parts, bins, C], to be added up in their order, so that every run gives the same bits.
 */
struct AdaptivePool {
    std::int64_t batch;
    std::int64_t frames;
    std::int64_t bands;
    std::int32_t channels;
    std::int32_t parts;
    std::int32_t bins; /* of all grids */
    Span<const PoolGrid> grids;
    Span<const float> x;
    Span<float> out;
};

cudaError_t enqueue(const AdaptivePool &pool, cudaStream_t stream);

/*
 * y = relu(x * gate[b, c]), then the mean of 2 x 2 positions if `pooled`, an odd last frame or band left out:
 * [B, T, F, C] to [B, T, F, C] or [B, T / 2, F / 2, C].
 */
struct GatedPool {
    std::int64_t batch;
    std::int64_t frames;
    std::int64_t bands;
    std::int32_t channels;
    bool pooled;
    Span<const float> x;
    Span<const float> gate; /* [B, C], or empty for 1 */
    Span<float> out;

    std::int64_t frames_out() const { return pooled ? frames / 2 : frames; }
    std::int64_t bands_out() const { return pooled ? bands / 2 : bands; }
};

cudaError_t enqueue(const GatedPool &pool, cudaStream_t stream);

} // namespace earshot
