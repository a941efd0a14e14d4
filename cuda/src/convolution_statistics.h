/* Mean and squared deviations of a tile's sums for each channel, while they are in registers. */
#pragma once

#include "convolution.h"

namespace earshot {

constexpr int STATISTICS_COLUMNS = 64;
/* Shared memory of a block that takes statistics: 4 row warps' parts of 64 columns, and their totals. */
constexpr std::size_t STATISTICS_BYTES = 5 * STATISTICS_COLUMNS * sizeof(float);

/*
 * Writes the statistics of a block's 64 columns. A thread has ROWS x 8 sums: value(r, i) of row r and column(i) (0 to
 * 63 in the block), of which those with inside(r) count. Lanes of a warp with the same lane % 4 have the same columns;
 * `row_warp` (0 to 3) tells the warps of the same columns apart. First the mean, then squared deviations from it, so
 * that nothing cancels. The block's shared memory is overwritten.
 */
template <int ROWS, class Value, class Inside, class Column>
__device__ __forceinline__ void write_statistics(const Convolution &c, const ConvolutionTile &tile, int channel0,
                                                 std::int64_t clip, int tile_index, int row_warp, const Value &value,
                                                 const Inside &inside, const Column &column_of) {
    const Shared<float> parts(0, 4 * STATISTICS_COLUMNS);
    const Shared<float> totals(4 * STATISTICS_COLUMNS * sizeof(float), STATISTICS_COLUMNS);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const auto total = [&](float(&v)[8]) {
        /* Whoever read the totals before must have done so. */
        __syncthreads();
#pragma unroll
        for (int i = 0; i < 8; ++i) {
            for (int mask = 4; mask < 32; mask *= 2) {
                v[i] += __shfl_xor_sync(0xFFFFFFFFU, v[i], mask);
            }
            if (lane < 4) {
                parts[row_warp * STATISTICS_COLUMNS + column_of(i)] = v[i];
            }
        }
        __syncthreads();
        if (threadIdx.x < STATISTICS_COLUMNS) {
            const int column = static_cast<int>(threadIdx.x);
            totals[column] = (parts[column] + parts[STATISTICS_COLUMNS + column]) +
                             (parts[2 * STATISTICS_COLUMNS + column] + parts[3 * STATISTICS_COLUMNS + column]);
        }
        __syncthreads();
    };
    const int count = tile.count(c.tiles);
    const float share = count > 0 ? 1.0F / static_cast<float>(count) : 0.0F;
    if (!c.counts.empty() && threadIdx.x == 0 && clip == 0 && channel0 == 0) {
        c.counts[tile_index] = static_cast<float>(count);
    }
    float v[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        v[i] = 0.0F;
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            v[i] += inside(r) ? value(r, i) : 0.0F;
        }
    }
    total(v);
    const int column = static_cast<int>(threadIdx.x);
    const bool writes = column < STATISTICS_COLUMNS && channel0 + column < c.channels_out;
    const std::int64_t at = (clip * c.tiles.count() + tile_index) * 2 * c.channels_out + channel0 + column;
    if (writes) {
        c.statistics[at] = totals[column] * share;
    }
#pragma unroll
    for (int i = 0; i < 8; ++i) {
        const float mean = totals[column_of(i)] * share;
        v[i] = 0.0F;
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            const float deviation = value(r, i) - mean;
            v[i] += inside(r) ? deviation * deviation : 0.0F;
        }
    }
    total(v);
    if (writes) {
        c.statistics[at + c.channels_out] = totals[column];
    }
}

} // namespace earshot
