/*
 * Norm and in_proj of a path in one kernel.
 *
 * Idea: a token has 64 numbers, the whole depth of the product. A block norms 64 tokens (8 lanes a token, mean and
 * variance in two passes over registers), leaves them in shared memory as words of half precision, and multiplies them
 * by all columns of weights, 128 at a time, which come to shared memory one such pass ahead. gamma(c) and beta(c)
 * depend on the clip alone: each block computes them (2 K C multiply-adds, 4096 at paper size) instead of a launch of
 * their own. h is written once, for the projection.
 *
 * Bytes (paper size, one clip): 4 MB read, 4 and 63.5 MB written, 0.26 MB of weights a block from L2 (62 MB). Flops:
 * 2.0 G, with HALF_SPLIT three times that at 630 TFLOP/s: 9.7 us on an H200; writing takes 15 us. Measured there (ncu,
 * revision 8375ced): 63 us, 62 with HALF: L2, which delivers the weights and takes the output at half of its rate.
 */
#include "in_projection.h"

#include "runtime.h"
#include "token_rows.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int BLOCK_TOKENS = 64;
constexpr int ROWS = 2; /* tiles of 16 rows a warp */
constexpr int COLUMN_WARPS = 4;
constexpr int WARP_TILES = 4;
constexpr int PASS_COLUMNS = COLUMN_WARPS * WARP_TILES * 8;
static_assert(PASS_COLUMNS == IN_PROJECTION_COLUMNS, "a pass is what is packed together");

/* `aligned`: whether x lies at 16 bytes. */
template <Arithmetic A>
__global__ void __launch_bounds__(TENSOR_THREADS, 2) in_projection_kernel(InProjection p, bool aligned) {
    begin_kernel();
    const TokenNorm &n = p.norm;
    const int channels = n.channels;
    const int chunks = (channels + chunk_numbers(A) - 1) / chunk_numbers(A);
    const int stride = row_words(chunks);
    const bool norms = n.kind != EARSHOT_NORM_NONE;
    const Shared<std::uint32_t> rows(0, BLOCK_TOKENS * stride);
    const Shared<float> parameters(BLOCK_TOKENS * stride * 4, norms ? 2 * channels : 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const std::int64_t tiles = (n.tokens + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    const std::int64_t clip = blockIdx.x / tiles;
    const std::int64_t token0 = blockIdx.x % tiles * BLOCK_TOKENS;

    const int pass_words = COLUMN_WARPS * chunks * chunk_steps(A) * step_words(A, WARP_TILES);
    const int behind = BLOCK_TOKENS * stride * 4 + (norms ? 2 * channels * 4 : 0);
    const Shared<std::uint32_t> weights(behind, 2 * pass_words);
    const Shared<float> scales(behind + 2 * pass_words * 4, p.columns);
    const int passes = (p.columns + PASS_COLUMNS - 1) / PASS_COLUMNS;
    copy_weights<TENSOR_THREADS>(weights, 0, p.weights, 0, pass_words, static_cast<int>(threadIdx.x));
    commit_copies();
    for (int i = static_cast<int>(threadIdx.x); i < p.columns; i += TENSOR_THREADS) {
        scales[i] = p.scale[i];
    }

    if (norms) {
        norm_parameters<TENSOR_THREADS, 4>(n, clip, parameters, static_cast<int>(threadIdx.x));
        __syncthreads();
    }
    for (int row = warp * 4 + lane / TOKEN_LANES; row < BLOCK_TOKENS; row += 32) {
        const std::int64_t token = token0 + row;
        const std::int64_t first = (clip * n.tokens + token) * channels;
        const bool present = token < n.tokens;
        TokenShare<lane_quads(MOST_CHANNELS)> share;
        share.load(n, first, present, aligned, lane);
        share.template norm<A>(n, parameters, first, present, rows, row, lane);
    }

    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>((warp / COLUMN_WARPS * ROWS + r) * 16 * stride, stride, lane);
    }
    /* From the lane's first row on; and how many rows from there are tokens. */
    const std::int64_t first_row = token0 + warp / COLUMN_WARPS * ROWS * 16 + lane / 4;
    const int rows_left =
        static_cast<int>(first_row < n.tokens ? min(n.tokens - first_row, std::int64_t{BLOCK_TOKENS}) : 0);
    const std::int64_t out_first = (clip * n.tokens + (rows_left > 0 ? first_row : 0)) * p.columns;
    const Span<float> out = p.out.part(out_first, n.batch * n.tokens * p.columns - out_first);
    for (int pass = 0; pass < passes; ++pass) {
        wait_for_groups<0>();
        /* Behind it all warps see the tokens and this pass's weights, and are done with those of the last pass. */
        __syncthreads();
        if (pass + 1 < passes) {
            copy_weights<TENSOR_THREADS>(weights, (pass + 1) % 2 * pass_words, p.weights,
                                         static_cast<std::int64_t>(pass + 1) * pass_words, pass_words,
                                         static_cast<int>(threadIdx.x));
            commit_copies();
        }
        const int column0 = pass * PASS_COLUMNS + warp % COLUMN_WARPS * WARP_TILES * 8;
        TileSums<ROWS, WARP_TILES> sums;
        for (int chunk = 0; chunk < chunks; ++chunk) {
            int here[ROWS];
#pragma unroll
            for (int r = 0; r < ROWS; ++r) {
                here[r] = place[r] + chunk * CHUNK_WORDS;
            }
            multiply_steps<A, chunk_steps(A)>(sums, rows, here, 8 * stride, weights,
                                              pass % 2 * pass_words + (warp % COLUMN_WARPS * chunks + chunk) *
                                                                          chunk_steps(A) * step_words(A, WARP_TILES),
                                              lane);
        }
#pragma unroll
        for (int pair = 0; pair < 2; ++pair) {
            const int column = column0 + pair * 16 + lane % 4 * 4;
            if (column >= p.columns) {
                continue;
            }
            const Float4 scale = scales.load4(column);
            const auto result = [&](int i) {
                Float4 y;
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    y.v[k] = sums.fragment[i / 2][pair * 2 + k / 2].v[i % 2 * 2 + k % 2] * scale.v[k];
                }
                return y;
            };
            /* Without branches, so that no store waits for the one before it. */
            if (rows_left > (2 * ROWS - 1) * 8) {
#pragma unroll
                for (int i = 0; i < 2 * ROWS; ++i) {
                    out.store4(i * 8 * p.columns + column, result(i));
                }
                continue;
            }
#pragma unroll
            for (int i = 0; i < 2 * ROWS; ++i) {
                if (i * 8 < rows_left) {
                    out.store4(i * 8 * p.columns + column, result(i));
                }
            }
        }
    }
}

template <Arithmetic A>
cudaError_t enqueue_as(const InProjection &p, cudaStream_t stream) {
    const int chunks = chunks_of(A, p.norm.channels);
    const int pass_words = COLUMN_WARPS * chunks * chunk_steps(A) * step_words(A, WARP_TILES);
    const auto bytes =
        static_cast<std::size_t>(BLOCK_TOKENS * row_words(chunks) + 2 * p.norm.channels + 2 * pass_words + p.columns) *
        sizeof(float);
    const dim3 grid(static_cast<unsigned>(divide_up(p.norm.tokens, BLOCK_TOKENS) * p.norm.batch));
    const cudaError_t allowed = allow_shared(in_projection_kernel<A>, bytes);
    return allowed != cudaSuccess ? allowed
                                  : launch("in_proj", in_projection_kernel<A>, grid, dim3(TENSOR_THREADS), bytes,
                                           stream, p, in_fours(p.norm.channels, {p.norm.x.data()}));
}

} // namespace

bool has_in_projection(std::int32_t channels, std::int32_t columns, Arithmetic arithmetic) {
    return takes_pairs(arithmetic) && channels % 4 == 0 && channels <= MOST_CHANNELS && columns % 4 == 0;
}

std::vector<std::uint32_t> pack_in_projection(const std::vector<float> &matrix, std::int32_t columns,
                                              std::int32_t channels, Arithmetic arithmetic, std::vector<float> &scale) {
    std::vector<float> scaled = matrix;
    for (std::int32_t column = 0; column < columns; ++column) {
        float *row = scaled.data() + static_cast<std::size_t>(column) * static_cast<std::size_t>(channels);
        scale.push_back(scale_row(row, channels) / TOKEN_RANGE);
    }
    std::vector<std::uint32_t> packed;
    for (std::int32_t column0 = 0; column0 < static_cast<std::int32_t>(divide_up(columns, PASS_COLUMNS)) * PASS_COLUMNS;
         column0 += WARP_TILES * 8) {
        for (std::int32_t k0 = 0; k0 < chunks_of(arithmetic, channels) * chunk_numbers(arithmetic);
             k0 += step_numbers(arithmetic)) {
            pack_step(packed, arithmetic, WARP_TILES, [&](int tile, int place, int k) {
                const std::int64_t column = column0 + interleaved_column(tile, place);
                return column < columns && k0 + k < channels
                           ? scaled[static_cast<std::size_t>(column * channels + k0 + k)]
                           : 0.0F;
            });
        }
    }
    return packed;
}

cudaError_t enqueue(const InProjection &p, Arithmetic arithmetic, cudaStream_t stream) {
    return with_pairs(arithmetic, [&](auto a) { return enqueue_as<decltype(a)::value>(p, stream); });
}

} // namespace earshot
