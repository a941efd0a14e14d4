/*
 * Products of tall activations with small weights: 15,500 rows by 64 to 576 of depth by 36 to 1024 columns.
 *
 * Idea: one block of 256 threads makes a tile of 128 rows by 64 columns with the multiply of tile.h. While a chunk is
 * multiplied, the next one's activations travel from global memory into registers; two buffers in shared memory, one
 * barrier a chunk. Scale, bias and residual are applied to the sums in registers.
 *
 * Bytes (paper size, one clip, in_proj of one path, both directions): 4 MB of activations read once for each of 16
 * column tiles (they stay in L2), 0.26 MB of weights, 63 MB written. Flops: 2.0 G. Limit on an H200: 13 us by bytes,
 * 30 us by the flops of float32 (67 TFLOP/s), about 20 us with SPLIT at the rate mma.sync reaches. out_proj with
 * the projection folded in: 36 MB read, 4 MB written, 1.1 GFLOP.
 */
#include "product.h"

namespace earshot {

namespace {

constexpr int BUFFER_WORDS = TILE_ROWS * ROW_WORDS;

/* Numbers k to k + 3 of a row of a source; zeros behind its end. VECTOR: rows begin and end at 16 bytes. */
template <bool VECTOR> __device__ __forceinline__ Float4 read4(const Rows &source, std::int64_t first, int k) {
    Float4 x = {{0.0F, 0.0F, 0.0F, 0.0F}};
    if constexpr (VECTOR) {
        if (k < source.width) {
            x = source.values.load4(first + k);
        }
    } else {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            if (k + i < source.width) {
                x.v[i] = source.values[first + k + i];
            }
        }
    }
    return x;
}

template <Arithmetic A, bool VECTOR> __global__ void __launch_bounds__(TILE_THREADS, 2) product_kernel(Product p) {
    begin_kernel();
    constexpr int ELEMENTS = chunk_elements(A);
    constexpr int QUADS = ELEMENTS / 4;
    constexpr int LOADS = TILE_ROWS * QUADS / TILE_THREADS;
    const Shared<std::uint32_t> buffers(0, 2 * BUFFER_WORDS);
    const Place place;
    const std::int64_t row0 = static_cast<std::int64_t>(blockIdx.x) * TILE_ROWS;
    const int column0 = static_cast<int>(blockIdx.y) * TILE_COLUMNS;
    const int group = static_cast<int>(blockIdx.z);
    const int chunks0 = (p.source[0].width + ELEMENTS - 1) / ELEMENTS;
    const int chunks = chunks0 + (p.source[1].width + ELEMENTS - 1) / ELEMENTS;
    const std::int64_t weights0 = (static_cast<std::int64_t>(group) * gridDim.y + blockIdx.y) * chunks;

    Float4 next[LOADS];
    const auto fetch = [&](int chunk) {
        const Rows &source = p.source[chunk < chunks0 ? 0 : 1];
        const int k0 = (chunk < chunks0 ? chunk : chunk - chunks0) * ELEMENTS;
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            const int item = static_cast<int>(threadIdx.x) + i * TILE_THREADS;
            const std::int64_t row = row0 + item / QUADS;
            next[i] = {{0.0F, 0.0F, 0.0F, 0.0F}};
            if (row < p.rows) {
                next[i] = read4<VECTOR>(source, row * source.stride + static_cast<std::int64_t>(group) * p.source_step,
                                        k0 + item % QUADS * 4);
            }
        }
    };
    const auto keep = [&](int buffer) {
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            const int item = static_cast<int>(threadIdx.x) + i * TILE_THREADS;
            store_words<A>(buffers, buffer * TILE_ROWS + item / QUADS, item % QUADS * 4, next[i]);
        }
    };

    Sums sums;
    int row_words[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) {
        row_words[r] = (place.row + place.sum_row(r)) * ROW_WORDS;
    }
    fetch(0);
    ChunkWeights weights = load_weights(p.weights, weights0, place);
    keep(0);
    __syncthreads();
    for (int chunk = 0; chunk < chunks; ++chunk) {
        ChunkWeights next_weights = weights;
        if (chunk + 1 < chunks) {
            fetch(chunk + 1);
            next_weights = load_weights(p.weights, weights0 + chunk + 1, place);
        }
        multiply<A>(sums, buffers, row_words, chunk % 2 * BUFFER_WORDS, weights, place);
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

template <Arithmetic A> cudaError_t enqueue_as(const Product &p, bool vector, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.rows, TILE_ROWS)),
                    static_cast<unsigned>(divide_up(p.columns, TILE_COLUMNS)), static_cast<unsigned>(p.groups));
    constexpr std::size_t BYTES = 2 * BUFFER_WORDS * sizeof(std::uint32_t);
    return vector ? launch("product", product_kernel<A, true>, grid, dim3(TILE_THREADS), BYTES, stream, p)
                  : launch("product", product_kernel<A, false>, grid, dim3(TILE_THREADS), BYTES, stream, p);
}

bool in_fours(const Rows &rows) {
    return rows.width == 0 || (rows.width % 4 == 0 && rows.stride % 4 == 0 &&
                               reinterpret_cast<std::uintptr_t>(rows.values.data()) % sizeof(Float4) == 0);
}

} // namespace

cudaError_t enqueue(const Product &p, Arithmetic arithmetic, cudaStream_t stream) {
    if (p.rows == 0) {
        return cudaSuccess;
    }
    const bool vector = in_fours(p.source[0]) && in_fours(p.source[1]) && p.source_step % 4 == 0;
    switch (arithmetic) {
    case Arithmetic::SCALAR:
        return enqueue_as<Arithmetic::SCALAR>(p, vector, stream);
    case Arithmetic::SPLIT:
        return enqueue_as<Arithmetic::SPLIT>(p, vector, stream);
    case Arithmetic::TF32:
        return enqueue_as<Arithmetic::TF32>(p, vector, stream);
    case Arithmetic::BF16:
        return enqueue_as<Arithmetic::BF16>(p, vector, stream);
    }
    return cudaErrorInvalidValue;
}

std::vector<std::uint32_t> pack_product(const std::vector<std::vector<HostMatrix>> &groups, Arithmetic arithmetic) {
    std::vector<std::uint32_t> packed;
    const int elements = chunk_elements(arithmetic);
    for (const std::vector<HostMatrix> &sources : groups) {
        for (std::int32_t column0 = 0; column0 < sources[0].columns; column0 += TILE_COLUMNS) {
            for (const HostMatrix &matrix : sources) {
                for (std::int32_t k0 = 0; k0 < matrix.width; k0 += elements) {
                    pack_chunk(packed, arithmetic, [&](int n, int k) {
                        const std::int64_t column = column0 + n;
                        return column < matrix.columns && k0 + k < matrix.width
                                   ? matrix.values[static_cast<std::size_t>(column * matrix.width + k0 + k)]
                                   : 0.0F;
                    });
                }
            }
        }
    }
    return packed;
}

} // namespace earshot
