/*
 * Products on tensor cores: 15,500 rows by 576 of depth by 64 columns and the like.
 *
 * Idea: a block of 8 warps, 4 along the rows and 2 along the columns, makes a tile of 64, 128 or 256 rows by 64 columns
 * with the multiply of tensor_tile.h. Activations and weights travel to shared memory in chunks of 32 numbers by
 * cp.async, two chunks ahead, one barrier a chunk; by warps that do nothing else. The tile's height is the one that
 * leaves the busiest multiprocessor the least to do. Scale, bias and residual are applied to the sums in registers,
 * which leave 16 bytes at a time.
 *
 * Bytes (paper size, one clip, the projection of a path): 32 MB of y and 4 MB of h read, 4 MB of x read, 4 MB written,
 * 0.3 MB of weights (SPLIT) a block from L2: 10 us on an H200. Flops: 1.14 G; with SPLIT three times that at 315
 * TFLOP/s: 11 us. Measured there (ncu, revision 8375ced): 37 us, of which a fifth is waiting for the copies.
 */
#include <algorithm>

#include "intrinsics.h"
#include "product.h"
#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

/*
 * Where threads that only copy stand beside those that multiply: how many, a warp for each scheduler, and the block's
 * threads then. An H200 showed why: the copies' instructions cost as much as the multiply's, and where all warps do
 * both they all copy at the same time; a single warp that copies for eight does not keep up with them.
 */
constexpr int PRODUCERS = 128;
constexpr int PRODUCED_THREADS = TENSOR_THREADS + PRODUCERS;

constexpr int ROW_WARPS = 4;
constexpr int COLUMN_WARPS = 2;
constexpr int WARP_TILES = 4; /* of 8 columns */
constexpr int BLOCK_COLUMNS = COLUMN_WARPS * WARP_TILES * 8;
constexpr int STAGES = 3;

__host__ __device__ constexpr int block_rows(int row_tiles) {
    return ROW_WARPS * row_tiles * 16;
}
/* Words of weights of a chunk, for each of the two columns of warps. */
__host__ __device__ constexpr int chunk_weights(Arithmetic a) {
    return chunk_steps(a) * step_words(a, WARP_TILES);
}
__host__ __device__ constexpr int stage_words(Arithmetic a, int row_tiles) {
    return block_rows(row_tiles) * ROW_WORDS + COLUMN_WARPS * chunk_weights(a);
}

template <Arithmetic A, int ROWS>
__global__ void __launch_bounds__(PRODUCED_THREADS, 1) tensor_product_kernel(Product p, ProductAccess access) {
    begin_kernel();
    constexpr int STAGE_WORDS = stage_words(A, ROWS);
    constexpr int WEIGHTS = block_rows(ROWS) * ROW_WORDS; /* where they begin in a stage */
    constexpr int PIECES = CHUNK_WORDS / 4;
    constexpr int LOADS = block_rows(ROWS) * PIECES / PRODUCERS;
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

    const int producer = static_cast<int>(threadIdx.x) - TENSOR_THREADS;
    const auto fetch = [&](int chunk) {
        const int which = chunk < chunks0 ? 0 : 1;
        const Rows &source = p.source[which];
        const Span<const std::uint32_t> words = as_words(source.values);
        const int stage = chunk % STAGES * STAGE_WORDS;
#pragma unroll
        for (int i = 0; i < COLUMN_WARPS; ++i) {
            const std::int64_t tile = group * column_tiles + static_cast<std::int64_t>(blockIdx.y) * COLUMN_WARPS + i;
            copy_weights<PRODUCERS>(stages, stage + WEIGHTS + i * chunk_weights(A), p.weights,
                                    (tile * chunks + chunk) * chunk_weights(A), chunk_weights(A), producer);
        }
        const int k = (chunk - which * chunks0) * CHUNK_WORDS + producer % PIECES * 4;
        const int first = producer / PIECES;
        const std::int64_t base = static_cast<std::int64_t>(group) * p.source_step;
        const std::int64_t rows_left = p.rows - row0;
        const std::int64_t begin = base + (row0 + first) * source.stride + k;
#pragma unroll 8
        for (int i = 0; i < LOADS; ++i) {
            const int row = first + i * (PRODUCERS / PIECES);
            const int at = stage + row * ROW_WORDS + producer % PIECES * 4;
            const std::int64_t from = begin + i * (PRODUCERS / PIECES) * source.stride;
            if (access.source[which]) {
                const bool present = row < rows_left && k < source.width;
                copy_or_zero<4>(stages, at, words, present ? from : base, present);
            } else {
                for (int j = 0; j < 4; ++j) {
                    const bool present = row < rows_left && k + j < source.width;
                    copy_or_zero<1>(stages, at + j, words, present ? from + j : base, present);
                }
            }
        }
    };
    if (producer >= 0) {
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
            meet();
            if (chunk + STAGES - 1 < chunks) {
                fetch(chunk + STAGES - 1);
            }
            commit_copies();
        }
        return;
    }

    TileSums<ROWS, WARP_TILES> sums;
    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>((row_warp * ROWS + r) * 16 * ROW_WORDS, ROW_WORDS, lane);
    }
    for (int chunk = 0; chunk < chunks; ++chunk) {
        meet();
        int here[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            here[r] = place[r] + chunk % STAGES * STAGE_WORDS;
        }
        multiply_steps<A, chunk_steps(A)>(sums, stages, here, 8 * ROW_WORDS, stages,
                                          chunk % STAGES * STAGE_WORDS + WEIGHTS + column_warp * chunk_weights(A),
                                          lane);
    }

#pragma unroll
    for (int pair = 0; pair < 2; ++pair) {
        const int column = column_tile * 32 + pair * 16 + lane % 4 * 4;
        const std::int64_t bias_at = static_cast<std::int64_t>(group) * p.columns + column;
        Float4 bias = {};
        if (!p.bias.empty()) {
            bias = read_four(p.bias, bias_at, p.columns - column, access.out);
        }
        /* All of them before the first is needed: they could not pass a store, which may be to the same place. */
        Float4 residual[2 * ROWS] = {};
        float scale[2 * ROWS];
        const auto row_of = [&](int i) { return row0 + (row_warp * ROWS + i / 2) * 16 + i % 2 * 8 + lane / 4; };
        /* Whether nothing has to be left out: then nothing branches, and no store waits for the one before it. */
        const bool whole = access.out && row0 + block_rows(ROWS) <= p.rows && column_tile * 32 + 32 <= p.columns;
#pragma unroll
        for (int i = 0; i < 2 * ROWS; ++i) {
            scale[i] = 1.0F;
            if (row_of(i) < p.rows) {
                if (!p.residual.values.empty()) {
                    const std::int64_t at =
                        row_of(i) * p.residual.stride + static_cast<std::int64_t>(group) * p.residual_step + column;
                    residual[i] = read_four(p.residual.values, at, p.columns - column, access.out);
                }
                if (!p.scale.empty()) {
                    scale[i] = p.scale[row_of(i) * p.scale_stride + static_cast<std::int64_t>(group) * p.scale_step];
                }
            }
        }
        const auto result = [&](int i) {
            Float4 y;
#pragma unroll
            for (int k = 0; k < 4; ++k) {
                y.v[k] = fmaf(sums.fragment[i / 2][pair * 2 + k / 2].v[i % 2 * 2 + k % 2], scale[i], bias.v[k]) +
                         residual[i].v[k];
            }
            return y;
        };
        const std::int64_t out0 = row_of(0) * p.out_stride + static_cast<std::int64_t>(group) * p.out_step + column;
        if (whole) {
#pragma unroll
            for (int i = 0; i < 2 * ROWS; ++i) {
                p.out.store4(out0 + i * 8 * p.out_stride, result(i));
            }
            continue;
        }
#pragma unroll
        for (int i = 0; i < 2 * ROWS; ++i) {
            if (row_of(i) >= p.rows) {
                continue;
            }
            const Float4 y = result(i);
            const std::int64_t out = out0 + i * 8 * p.out_stride;
            if (access.out) {
                if (column < p.columns) {
                    p.out.store4(out, y);
                }
            } else {
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    if (column + k < p.columns) {
                        p.out[out + k] = y.v[k];
                    }
                }
            }
        }
    }
}

template <Arithmetic A, int ROWS>
cudaError_t enqueue_as(const Product &p, const ProductAccess &access, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.rows, block_rows(ROWS))),
                    static_cast<unsigned>(divide_up(p.columns, BLOCK_COLUMNS)), static_cast<unsigned>(p.groups));
    constexpr std::size_t BYTES = STAGES * stage_words(A, ROWS) * sizeof(std::uint32_t);
    const cudaError_t allowed = allow_shared(tensor_product_kernel<A, ROWS>, BYTES);
    return allowed != cudaSuccess ? allowed
                                  : launch("product", tensor_product_kernel<A, ROWS>, grid, dim3(PRODUCED_THREADS),
                                           BYTES, stream, p, access);
}

template <Arithmetic A>
cudaError_t enqueue_as(const Product &p, const ProductAccess &access, cudaStream_t stream) {
    const std::int64_t columns = divide_up(p.columns, BLOCK_COLUMNS) * p.groups;
    switch (best_height(
        A, [&](int rows) { return divide_up(p.rows, block_rows(rows)) * columns; }, device().multiprocessors)) {
    case 4:
        if constexpr (A != Arithmetic::SPLIT) {
            return enqueue_as<A, 4>(p, access, stream);
        }
        return cudaErrorInvalidValue;
    case 2:
        return enqueue_as<A, 2>(p, access, stream);
    default:
        return enqueue_as<A, 1>(p, access, stream);
    }
}

} // namespace

cudaError_t enqueue_tensor(const Product &p, Arithmetic arithmetic, cudaStream_t stream) {
    const ProductAccess access = access_of(p);
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
