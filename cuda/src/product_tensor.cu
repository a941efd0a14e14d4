/*
 * Products on tensor cores: 15,500 rows by 576 of depth by 64 columns and the like.
 *
 * Idea: a block of 8 warps, 4 along the rows and 2 along the columns, makes a tile of 64, 128 or 256 rows by 64 columns
 * with the multiply of tensor_tile.h. Activations and weights travel to shared memory in chunks of 32 numbers by
 * cp.async, two chunks ahead, one barrier a chunk. The tile's height is the one that
 * leaves the busiest multiprocessor the least to do. Scale, bias and residual are applied to the sums in registers,
 * which leave 16 bytes at a time.
 *
 * Bytes (paper size, one clip, the projection of a path): 32 MB of y and 4 MB of h read, 4 MB of x read, 4 MB written,
 * 0.3 MB of weights (SPLIT) a block from L2: 10 us on an H200. Flops: 1.14 G; with SPLIT three times that at 315 TFLOP/s:
 * 11 us, of which 122 blocks of 128 rows reach about three quarters.
 */
#include <algorithm>

#include "product.h"
#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int ROW_WARPS = 4;
constexpr int COLUMN_WARPS = 2;
constexpr int WARP_TILES = 4; /* of 8 columns */
constexpr int BLOCK_COLUMNS = COLUMN_WARPS * WARP_TILES * 8;
constexpr int STAGES = 3;

__host__ __device__ constexpr int block_rows(int row_tiles) { return ROW_WARPS * row_tiles * 16; }
/* Words of weights of a chunk, for each of the two columns of warps. */
__host__ __device__ constexpr int chunk_weights(Arithmetic a) { return chunk_steps(a) * step_words(a, WARP_TILES); }
__host__ __device__ constexpr int stage_words(Arithmetic a, int row_tiles) {
    return block_rows(row_tiles) * ROW_WORDS + COLUMN_WARPS * chunk_weights(a);
}

/* How a product's memory may be touched: 16 bytes at a time, or only 4. */
struct Access {
    bool source[2];
    bool out;
};

template <Arithmetic A, int ROWS>
__global__ void __launch_bounds__(TENSOR_THREADS, ROWS == 4 || (ROWS == 2 && splits(A)) ? 1 : 2)
    tensor_product_kernel(Product p, Access access) {
    begin_kernel();
    constexpr int STAGE_WORDS = stage_words(A, ROWS);
    constexpr int WEIGHTS = block_rows(ROWS) * ROW_WORDS; /* where they begin in a stage */
    constexpr int PIECES = CHUNK_WORDS / 4;
    constexpr int LOADS = block_rows(ROWS) * PIECES / TENSOR_THREADS;
    const Shared<std::uint32_t> stages(0, STAGES * STAGE_WORDS);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int row_warp = warp / COLUMN_WARPS;
    const std::int64_t row0 = static_cast<std::int64_t>(blockIdx.x) * block_rows(ROWS);
    const int column_warp = warp % COLUMN_WARPS;
    const int column_tile = static_cast<int>(blockIdx.y) * COLUMN_WARPS + column_warp;
    const int group = static_cast<int>(blockIdx.z);
    const int chunks0 = (p.source[0].width + CHUNK_WORDS - 1) / CHUNK_WORDS;
    const int chunks = chunks0 + (p.source[1].width + CHUNK_WORDS - 1) / CHUNK_WORDS;
    const std::int64_t column_tiles = static_cast<std::int64_t>(gridDim.y) * COLUMN_WARPS;

    const auto fetch = [&](int chunk) {
        const int which = chunk < chunks0 ? 0 : 1;
        const Rows &source = p.source[which];
        const Span<const std::uint32_t> words = as_words(source.values);
        const int k0 = (chunk - which * chunks0) * CHUNK_WORDS;
        const int stage = chunk % STAGES * STAGE_WORDS;
#pragma unroll
        for (int i = 0; i < COLUMN_WARPS; ++i) {
            const std::int64_t tile = group * column_tiles + static_cast<std::int64_t>(blockIdx.y) * COLUMN_WARPS + i;
            copy_weights(stages, stage + WEIGHTS + i * chunk_weights(A), p.weights,
                         (tile * chunks + chunk) * chunk_weights(A), chunk_weights(A));
        }
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            const int item = static_cast<int>(threadIdx.x) + i * TENSOR_THREADS;
            const std::int64_t row = row0 + item / PIECES;
            const int k = k0 + item % PIECES * 4;
            const int at = stage + item / PIECES * ROW_WORDS + item % PIECES * 4;
            const std::int64_t first = static_cast<std::int64_t>(group) * p.source_step;
            const std::int64_t from = row < p.rows ? first + row * source.stride : first;
            if (access.source[which]) {
                const bool present = row < p.rows && k < source.width;
                copy_or_zero<4>(stages, at, words, present ? from + k : first, present);
            } else {
                for (int j = 0; j < 4; ++j) {
                    const bool present = row < p.rows && k + j < source.width;
                    copy_or_zero<1>(stages, at + j, words, present ? from + k + j : first, present);
                }
            }
        }
    };

    TileSums<ROWS, WARP_TILES> sums;
    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>((row_warp * ROWS + r) * 16 * ROW_WORDS, ROW_WORDS, lane);
    }
#pragma unroll
    for (int chunk = 0; chunk < STAGES - 1; ++chunk) {
        if (chunk < chunks) {
            fetch(chunk);
        }
        commit_copies();
    }
    for (int chunk = 0; chunk < chunks; ++chunk) {
        wait_for_groups<STAGES - 2>();
        /* Behind it all warps see the chunk, and none reads the one before it any more. */
        __syncthreads();
        if (chunk + STAGES - 1 < chunks) {
            fetch(chunk + STAGES - 1);
        }
        commit_copies();
        int here[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            here[r] = place[r] + chunk % STAGES * STAGE_WORDS;
        }
        multiply_steps<A, chunk_steps(A)>(sums, stages, here, 8 * ROW_WORDS, stages,
                                          chunk % STAGES * STAGE_WORDS + WEIGHTS + column_warp * chunk_weights(A), lane);
    }

#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const std::int64_t row = row0 + (row_warp * ROWS + r) * 16 + half * 8 + lane / 4;
            if (row >= p.rows) {
                continue;
            }
            const float scale =
                p.scale.empty() ? 1.0F : p.scale[row * p.scale_stride + static_cast<std::int64_t>(group) * p.scale_step];
#pragma unroll
            for (int pair = 0; pair < 2; ++pair) {
                const int column = column_tile * 32 + pair * 16 + lane % 4 * 4;
                Float4 y;
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    y.v[i] = sums.fragment[r][pair * 2 + i / 2].v[half * 2 + i % 2] * scale;
                }
                const std::int64_t bias = static_cast<std::int64_t>(group) * p.columns + column;
                const std::int64_t residual =
                    row * p.residual.stride + static_cast<std::int64_t>(group) * p.residual_step + column;
                const std::int64_t out = row * p.out_stride + static_cast<std::int64_t>(group) * p.out_step + column;
                if (access.out && column < p.columns) {
                    if (!p.bias.empty()) {
                        const Float4 b = p.bias.load4(bias);
#pragma unroll
                        for (int i = 0; i < 4; ++i) {
                            y.v[i] += b.v[i];
                        }
                    }
                    if (!p.residual.values.empty()) {
                        const Float4 x = p.residual.values.load4(residual);
#pragma unroll
                        for (int i = 0; i < 4; ++i) {
                            y.v[i] += x.v[i];
                        }
                    }
                    p.out.store4(out, y);
                } else if (!access.out) {
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        if (column + i < p.columns) {
                            y.v[i] += p.bias.empty() ? 0.0F : p.bias[bias + i];
                            y.v[i] += p.residual.values.empty() ? 0.0F : p.residual.values[residual + i];
                            p.out[out + i] = y.v[i];
                        }
                    }
                }
            }
        }
    }
}

bool in_fours(const Rows &rows) {
    return rows.width == 0 || (rows.stride % 4 == 0 && earshot::in_fours(rows.width, {rows.values.data()}));
}

template <Arithmetic A, int ROWS>
cudaError_t enqueue_as(const Product &p, const Access &access, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.rows, block_rows(ROWS))),
                    static_cast<unsigned>(divide_up(p.columns, BLOCK_COLUMNS)), static_cast<unsigned>(p.groups));
    constexpr std::size_t BYTES = STAGES * stage_words(A, ROWS) * sizeof(std::uint32_t);
    const cudaError_t allowed = allow_shared(tensor_product_kernel<A, ROWS>, BYTES);
    return allowed != cudaSuccess ? allowed
                                  : launch("product", tensor_product_kernel<A, ROWS>, grid, dim3(TENSOR_THREADS), BYTES,
                                           stream, p, access);
}

template <Arithmetic A> cudaError_t enqueue_as(const Product &p, const Access &access, cudaStream_t stream) {
    const std::int64_t columns = divide_up(p.columns, BLOCK_COLUMNS) * p.groups;
    switch (best_height([&](int rows) { return divide_up(p.rows, block_rows(rows)) * columns; },
                        device().multiprocessors)) {
    case 4:
        return enqueue_as<A, 4>(p, access, stream);
    case 2:
        return enqueue_as<A, 2>(p, access, stream);
    default:
        return enqueue_as<A, 1>(p, access, stream);
    }
}

} // namespace

cudaError_t enqueue_tensor(const Product &p, Arithmetic arithmetic, cudaStream_t stream) {
    const bool residual = p.residual.values.empty() ||
                          (p.residual_step % 4 == 0 && p.residual.stride % 4 == 0 &&
                           earshot::in_fours(p.columns, {p.residual.values.data()}));
    const Access access = {{in_fours(p.source[0]) && p.source_step % 4 == 0, in_fours(p.source[1]) && p.source_step % 4 == 0},
                           residual && p.out_stride % 4 == 0 && p.out_step % 4 == 0 &&
                               earshot::in_fours(p.columns, {p.out.data(), p.bias.data()})};
    switch (arithmetic) {
    case Arithmetic::SPLIT:
        return enqueue_as<Arithmetic::SPLIT>(p, access, stream);
    case Arithmetic::TF32:
        return enqueue_as<Arithmetic::TF32>(p, access, stream);
    case Arithmetic::BF16:
        return enqueue_as<Arithmetic::BF16>(p, access, stream);
    default:
        return cudaErrorInvalidValue;
    }
}

} // namespace earshot
