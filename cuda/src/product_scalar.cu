/*
 * Products with float32 multiply-adds, for devices without the tensor cores' TF32: one block of 256 threads makes a
 * tile of 128 rows by 64 columns with the multiply of scalar_tile.h. While a chunk is multiplied, the next one's
 * activations travel from global memory into registers; two buffers in shared memory, one barrier a chunk. Scale, bias
 * and residual are applied to the sums in registers.
 */
#include "product.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int BUFFER_WORDS = TILE_ROWS * TILE_ROW_WORDS;
constexpr int QUADS = TILE_CHUNK / 4;
constexpr int LOADS = TILE_ROWS * QUADS / TILE_THREADS;

/* Numbers k to k + 3 of a row of a source; zeros behind its end. */
__device__ __forceinline__ Float4 read4(const Rows &source, std::int64_t first, int k) {
    Float4 x = {{0.0F, 0.0F, 0.0F, 0.0F}};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        if (k + i < source.width) {
            x.v[i] = source.values[first + k + i];
        }
    }
    return x;
}

__global__ void __launch_bounds__(TILE_THREADS, 2) scalar_product_kernel(Product p, Span<const float> packed) {
    begin_kernel();
    const Shared<float> buffers(0, 2 * BUFFER_WORDS);
    const Place place;
    const std::int64_t row0 = static_cast<std::int64_t>(blockIdx.x) * TILE_ROWS;
    const int column0 = static_cast<int>(blockIdx.y) * TILE_COLUMNS;
    const int group = static_cast<int>(blockIdx.z);
    const int chunks0 = (p.source[0].width + TILE_CHUNK - 1) / TILE_CHUNK;
    const int chunks = chunks0 + (p.source[1].width + TILE_CHUNK - 1) / TILE_CHUNK;
    const std::int64_t weights0 = (static_cast<std::int64_t>(group) * gridDim.y + blockIdx.y) * chunks;

    Float4 next[LOADS];
    const auto fetch = [&](int chunk) {
        const Rows &source = p.source[chunk < chunks0 ? 0 : 1];
        const int k0 = (chunk < chunks0 ? chunk : chunk - chunks0) * TILE_CHUNK;
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            const int item = static_cast<int>(threadIdx.x) + i * TILE_THREADS;
            const std::int64_t row = row0 + item / QUADS;
            next[i] = {{0.0F, 0.0F, 0.0F, 0.0F}};
            if (row < p.rows) {
                next[i] = read4(source, row * source.stride + static_cast<std::int64_t>(group) * p.source_step,
                                k0 + item % QUADS * 4);
            }
        }
    };
    const auto keep = [&](int buffer) {
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            const int item = static_cast<int>(threadIdx.x) + i * TILE_THREADS;
            buffers.store4((buffer * TILE_ROWS + item / QUADS) * TILE_ROW_WORDS + item % QUADS * 4, next[i]);
        }
    };

    Sums sums;
    int row_words[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) {
        row_words[r] = (place.row + place.sum_row(r)) * TILE_ROW_WORDS;
    }
    fetch(0);
    ChunkWeights weights = load_weights(packed, weights0, place);
    keep(0);
    __syncthreads();
    for (int chunk = 0; chunk < chunks; ++chunk) {
        ChunkWeights next_weights = weights;
        if (chunk + 1 < chunks) {
            fetch(chunk + 1);
            next_weights = load_weights(packed, weights0 + chunk + 1, place);
        }
        multiply(sums, buffers, row_words, chunk % 2 * BUFFER_WORDS, weights, place);
        weights = next_weights;
        if (chunk + 1 < chunks) {
            /* The other buffer was last read before the previous barrier. */
            keep((chunk + 1) % 2);
            __syncthreads();
        }
    }

#pragma unroll
    for (int r = 0; r < 4; ++r) {
        const std::int64_t row = row0 + place.row + place.sum_row(r);
        if (row >= p.rows) {
            continue;
        }
        const float scale =
            p.scale.empty() ? 1.0F : p.scale[row * p.scale_stride + static_cast<std::int64_t>(group) * p.scale_step];
#pragma unroll
        for (int c = 0; c < 8; ++c) {
            const int column = column0 + place.column + place.sum_column(c);
            if (column < p.columns) {
                float y = sums.at(r, c) * scale;
                if (!p.bias.empty()) {
                    y += p.bias[static_cast<std::int64_t>(group) * p.columns + column];
                }
                if (!p.residual.values.empty()) {
                    y += p.residual.values[row * p.residual.stride +
                                           static_cast<std::int64_t>(group) * p.residual_step + column];
                }
                p.out[row * p.out_stride + static_cast<std::int64_t>(group) * p.out_step + column] = y;
            }
        }
    }
}

} // namespace

cudaError_t enqueue_scalar(const Product &p, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.rows, TILE_ROWS)),
                    static_cast<unsigned>(divide_up(p.columns, TILE_COLUMNS)), static_cast<unsigned>(p.groups));
    return launch("product", scalar_product_kernel, grid, dim3(TILE_THREADS), 2 * BUFFER_WORDS * sizeof(float), stream,
                  p, as_floats(p.weights));
}

} // namespace earshot
