/* Adaptive mean pooling over time and frequency. */
#pragma once

#include "device.h"

namespace earshot {

/* How a clip's positions are pooled: rows * columns bins, PyTorch's. */
struct PoolGrid {
    std::int32_t rows;
    std::int32_t columns;

    __host__ __device__ std::int32_t bins() const { return rows * columns; }
    /* Into how many parts each bin is cut where the whole of the clip would be cut into `parts`. */
    __host__ __device__ std::int32_t parts_of_bin(std::int32_t parts) const {
        return parts / bins() > 1 ? parts / bins() : 1;
    }
};

/*
 * Adaptive mean pools of x [B, T, F, C] for all `grids`, one behind the other, bins in the order of rows and columns.
 * Bin i of n covers floor(i L / n) to ceil((i + 1) L / n). A bin is cut into parts, whose shares of its mean are
 * written one behind the other, to be added up in their order, so that every run gives the same bits:
 * out [B, slots, C], slots being the parts of all bins of all grids.
 */
struct AdaptivePool {
    std::int64_t batch;
    std::int64_t frames;
    std::int64_t bands;
    std::int32_t channels;
    std::int32_t parts; /* of a whole clip */
    std::int32_t slots;
    Span<const PoolGrid> grids;
    Span<const float> x;
    Span<float> out;
};

cudaError_t enqueue(const AdaptivePool &pool, cudaStream_t stream);

} // namespace earshot
