/*
 * The plain product of the kernels that take any size and any device: a block of 8 warps multiplies a tile of 128 rows
 * (held in shared memory, 16 numbers of each row at a time) by 64 columns of weights with float32 multiply-adds.
 * Weights come from global memory, a lane holding those of its tensor_tile.h fragment; they reach the lane that needs
 * them by shuffles, 1 for 4 multiply-adds.
 */
#pragma once

#include "intrinsics.h"

namespace earshot {

constexpr int TILE_ROWS = 128;
constexpr int TILE_COLUMNS = 64;
constexpr int TILE_THREADS = 256;
constexpr int TILE_CHUNK = 16;
/* From row to row in shared memory: 20 words put the 8 rows x 4 words of a fragment into 32 different banks. */
constexpr int TILE_ROW_WORDS = 20;
/* Numbers of weights for one chunk and one tile of columns. */
constexpr int TILE_CHUNK_WEIGHTS = TILE_CHUNK * TILE_COLUMNS;

/*
 * Where number k (0 to 15) of column n (0 to 63) lies in a chunk's weights: [half of the columns][step of 8 numbers]
 * [pair of 8-column fragments][lane][2 fragments x 2 numbers].
 */
__host__ __device__ constexpr int weight_position(int n, int k) {
    const int half = n / 32;
    const int fragment = n % 32 / 8;
    const int lane = n % 8 * 4 + k % 4;
    return ((half * 2 + k / 8) * 2 + fragment / 2) * 128 + lane * 4 + fragment % 2 * 2 + k % 8 / 4;
}

/* A warp's place in the tile, and a lane's in its fragments. */
struct Place {
    int lane;
    int row;    /* first of the warp's 32 rows */
    int column; /* first of the warp's 32 columns */

    __device__ __forceinline__ Place()
        : lane(static_cast<int>(threadIdx.x) % 32), row(static_cast<int>(threadIdx.x) / 64 * 32),
          column(static_cast<int>(threadIdx.x) / 32 % 2 * 32) {}

    /* The row (0 to 31 from the warp's first) of sum r (0 to 3), and the column of sum c (0 to 7). */
    __device__ __forceinline__ int sum_row(int r) const { return r * 8 + lane / 4; }
    __device__ __forceinline__ int sum_column(int c) const { return c / 2 * 8 + lane % 4 * 2 + c % 2; }
};

/* A lane's 4 x 8 sums: row sum_row(r), column sum_column(c). */
struct Sums {
    float v[4][8] = {};

    __device__ __forceinline__ float &at(int r, int c) { return v[r][c]; }
};

/* A lane's weights of one chunk: [step][pair]. */
struct ChunkWeights {
    Float4 pair[2][2];
};

__device__ __forceinline__ ChunkWeights load_weights(const Span<const float> &weights, std::int64_t chunk,
                                                     const Place &place) {
    ChunkWeights loaded;
    const std::int64_t base =
        chunk * TILE_CHUNK_WEIGHTS + place.column / 32 * (TILE_CHUNK_WEIGHTS / 2) + place.lane * 4;
#pragma unroll
    for (int step = 0; step < 2; ++step) {
#pragma unroll
        for (int pair = 0; pair < 2; ++pair) {
            loaded.pair[step][pair] = weights.load4(base + (step * 2 + pair) * 128);
        }
    }
    return loaded;
}

/*
 * sums += rows x weights for one chunk. row_words[r] is where the numbers of row sum_row(r) begin in `rows`; `shift` is
 * added to all of them.
 */
__device__ __forceinline__ void multiply(Sums &sums, const Shared<float> &rows, const int (&row_words)[4], int shift,
                                         const ChunkWeights &weights, const Place &place) {
    const Lanes<ChunkWeights> all(weights);
#pragma unroll
    for (int step = 0; step < 2; ++step) {
#pragma unroll
        for (int k = 0; k < 8; ++k) {
            float x[4];
#pragma unroll
            for (int r = 0; r < 4; ++r) {
                x[r] = rows[row_words[r] + shift + step * 8 + k];
            }
#pragma unroll
            for (int c = 0; c < 8; ++c) {
                const int fragment = c / 2;
                const float w = all.read((place.lane % 4 * 2 + c % 2) * 4 + k % 4, [&](const ChunkWeights &its) {
                    return its.pair[step][fragment / 2].v[fragment % 2 * 2 + k / 4];
                });
#pragma unroll
                for (int r = 0; r < 4; ++r) {
                    sums.at(r, c) = fmaf(x[r], w, sums.at(r, c));
                }
            }
        }
    }
}

} // namespace earshot
