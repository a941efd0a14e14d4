/*
 * Causal convolution, SiLU and x_proj in one kernel.
 *
 * Idea: a block takes 4 runs of 16 tokens in the order of a sequence (each with the 3 tokens before it), one direction,
 * all its channels; 64 threads share a run, each with four channels, and read a token's channels in one stretch, four
 * tokens ahead of the arithmetic. u goes to memory for the scan and, as words of half precision, to shared memory,
 * where it is the product's factor of 64 rows. The product has few columns (36) and much depth (256): four pairs of
 * warps take a quarter of the depth each and add up through shared memory.
 *
 * Bytes (paper size, one clip): 31.7 MB read (and 3 in 16 again, from L2), 31.7 and 4.5 MB written, 82 KB of weights a
 * block from L2 (40 MB): 16 us on an H200. Flops: 0.63 G, with HALF_SPLIT 3 us. Measured there
 * (ncu, revision 8375ced): 34 us, a third of it waiting for tokens.
 */
#include "x_projection.h"

#include <algorithm>
#include <cmath>

#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int RUN = 16; /* a tile of the product */
constexpr int RUNS = 4;
constexpr int BLOCK_ROWS = RUN * RUNS;
constexpr int RUN_THREADS = TENSOR_THREADS / RUNS;
constexpr int ROWS = 2;
constexpr int DEPTH_WARPS = 4;
constexpr int STEP_TOKENS = 4;
constexpr int TAPS = X_PROJECTION_TAPS;
constexpr float RANGE = 32768.0F;

/* From row to row of a warp's sums in shared memory. */
__host__ __device__ constexpr int sum_words(int tiles) {
    return tiles * 8 + 4;
}

template <Arithmetic A, int TILES>
__global__ void __launch_bounds__(TENSOR_THREADS, TILES > 5 && splits(A) ? 1 : 2) x_projection_kernel(XProjection p) {
    begin_kernel();
    const CausalConvolution &c = p.convolution;
    const int inner = c.inner;
    const int chunks = (inner + chunk_numbers(A) - 1) / chunk_numbers(A);
    const int stride = row_words(chunks);
    const Shared<std::uint32_t> rows(0, BLOCK_ROWS * stride);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const std::int64_t direction = blockIdx.y;
    const int length = c.sequences.length;
    const int runs = (length + RUN - 1) / RUN;

    /* The run's place in its sequence, or nothing. The token at place t is token start + t * step. */
    const auto run_of = [&](int index) { return static_cast<std::int64_t>(blockIdx.x) * RUNS + index; };
    const auto first_place = [&](std::int64_t run) { return static_cast<int>(run % runs) * RUN; };
    const auto token_of = [&](std::int64_t run, int t) {
        const std::int64_t first = c.sequences.first(run / runs);
        return first + (direction == 0 ? t : length - 1 - t) * c.sequences.step;
    };

    {
        const int mine = static_cast<int>(threadIdx.x) / RUN_THREADS;
        const std::int64_t run = run_of(mine);
        const bool present = run < c.sequences.count * runs;
        const int begin = present ? first_place(run) : 0;
        const int end = present ? min(begin + RUN, length) : 0;
        const std::int64_t start = present ? token_of(run, 0) : 0;
        const std::int64_t step = direction == 0 ? c.sequences.step : -c.sequences.step;
        const int padded = chunks * chunk_numbers(A);
        for (int channel = static_cast<int>(threadIdx.x) % RUN_THREADS * 4; channel < padded;
             channel += RUN_THREADS * 4) {
            const int to =
                mine * RUN * stride + channel / chunk_numbers(A) * CHUNK_WORDS + channel % chunk_numbers(A) / 2;
            const bool real = channel < inner;
            Float4 weight[TAPS] = {};
            Float4 bias = {};
            Float4 range = {};
            Float4 window[TAPS - 1 + STEP_TOKENS] = {};
            /* The tokens behind those of the window, on their way. */
            Float4 ahead[STEP_TOKENS] = {};
            const auto read = [&](int t) {
                return c.x.load4((start + t * step) * 4 * inner + direction * 2 * inner + channel);
            };
            if (real) {
#pragma unroll
                for (int k = 0; k < TAPS; ++k) {
                    weight[k] = c.weight.load4((direction * TAPS + k) * inner + channel);
                }
                bias = c.bias.load4(direction * inner + channel);
                range = p.range.load4(direction * inner + channel);
#pragma unroll
                for (int i = 0; i < TAPS - 1; ++i) {
                    const int t = begin - (TAPS - 1) + i;
                    if (t >= 0 && present) {
                        window[i] = read(t);
                    }
                }
#pragma unroll
                for (int i = 0; i < STEP_TOKENS; ++i) {
                    if (begin + i < end) {
                        ahead[i] = read(begin + i);
                    }
                }
            }
            /* Unrolled, all of a run's loads would want registers at once. */
#pragma unroll 1
            for (int t0 = 0; t0 < RUN; t0 += STEP_TOKENS) {
#pragma unroll
                for (int i = 0; i < STEP_TOKENS; ++i) {
                    window[TAPS - 1 + i] = ahead[i];
                    const int t = begin + t0 + STEP_TOKENS + i;
                    if (t < end && real) {
                        ahead[i] = read(t);
                    }
                }
#pragma unroll
                for (int i = 0; i < STEP_TOKENS; ++i) {
                    Float4 u = {};
                    if (begin + t0 + i < end && real) {
                        u = bias;
#pragma unroll
                        for (int k = 0; k < TAPS; ++k) {
#pragma unroll
                            for (int j = 0; j < 4; ++j) {
                                u.v[j] = fmaf(weight[k].v[j], window[i + k].v[j], u.v[j]);
                            }
                        }
#pragma unroll
                        for (int j = 0; j < 4; ++j) {
                            u.v[j] = silu(u.v[j]);
                        }
                        c.u.store4((start + (begin + t0 + i) * step) * 2 * inner + direction * inner + channel, u);
                    }
                    const PairWords<A> first_two(u.v[0] * range.v[0], u.v[1] * range.v[1]);
                    const PairWords<A> last_two(u.v[2] * range.v[2], u.v[3] * range.v[3]);
                    rows.template store<2>(to + (t0 + i) * stride, {{first_two.high, last_two.high}});
                    if constexpr (splits(A)) {
                        rows.template store<2>(to + (t0 + i) * stride + CHUNK_WORDS / 2,
                                               {{first_two.low, last_two.low}});
                    }
                }
#pragma unroll
                for (int i = 0; i < TAPS - 1; ++i) {
                    window[i] = window[i + STEP_TOKENS];
                }
            }
        }
    }
    __syncthreads();

    const int row_warp = warp % (BLOCK_ROWS / (ROWS * 16));
    const int depth_warp = warp / (BLOCK_ROWS / (ROWS * 16));
    TileSums<ROWS, TILES> sums;
    int place[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
        place[r] = lane_place<A>((row_warp * ROWS + r) * 16 * stride, stride, lane);
    }
    const int steps = chunks * chunk_steps(A);
    const std::int64_t weights0 = direction * steps * step_words(A, TILES);
    for (int step = depth_warp * STEPS_TOGETHER; step < steps; step += DEPTH_WARPS * STEPS_TOGETHER) {
        int here[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; ++r) {
            here[r] = place[r] + step / chunk_steps(A) * CHUNK_WORDS + step % chunk_steps(A) * 8;
        }
        multiply_steps<A, STEPS_TOGETHER>(sums, rows, here, 8 * stride, p.weights,
                                          weights0 + static_cast<std::int64_t>(step) * step_words(A, TILES), lane);
    }
    /* All warps are done with u's place in shared memory. */
    __syncthreads();
    const Shared<float> parts(0, DEPTH_WARPS * BLOCK_ROWS * sum_words(TILES));
#pragma unroll
    for (int r = 0; r < ROWS; ++r) {
#pragma unroll
        for (int tile = 0; tile < TILES; ++tile) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = (row_warp * ROWS + r) * 16 + half * 8 + lane / 4;
                parts.template store<2>((depth_warp * BLOCK_ROWS + row) * sum_words(TILES) + tile * 8 + lane % 4 * 2,
                                        {{sums.fragment[r][tile].v[half * 2], sums.fragment[r][tile].v[half * 2 + 1]}});
            }
        }
    }
    __syncthreads();
    const int quads = p.columns / 4;
    for (int item = static_cast<int>(threadIdx.x); item < BLOCK_ROWS * quads; item += TENSOR_THREADS) {
        const int row = item / quads;
        const int column = item % quads * 4;
        const std::int64_t run = run_of(row / RUN);
        if (run >= c.sequences.count * runs) {
            continue;
        }
        const int t = first_place(run) + row % RUN;
        if (t >= length) {
            continue;
        }
        Float4 y = parts.load4(row * sum_words(TILES) + column);
#pragma unroll
        for (int part = 1; part < DEPTH_WARPS; ++part) {
            const Float4 more = parts.load4((part * BLOCK_ROWS + row) * sum_words(TILES) + column);
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                y.v[i] += more.v[i];
            }
        }
        const Float4 scale = p.scale.load4(direction * p.columns + column);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            y.v[i] *= scale.v[i];
        }
        p.out.store4((token_of(run, t) * 2 + direction) * p.columns + column, y);
    }
}

template <Arithmetic A, int TILES>
cudaError_t enqueue_as(const XProjection &p, cudaStream_t stream) {
    const CausalConvolution &c = p.convolution;
    const std::int64_t runs = divide_up(c.sequences.length, RUN) * c.sequences.count;
    const std::size_t words =
        std::max<std::size_t>(BLOCK_ROWS * static_cast<std::size_t>(row_words(chunks_of(A, c.inner))),
                              DEPTH_WARPS * BLOCK_ROWS * sum_words(TILES));
    const dim3 grid(static_cast<unsigned>(divide_up(runs, RUNS)), 2);
    const auto kernel = x_projection_kernel<A, TILES>;
    const cudaError_t allowed = allow_shared(kernel, words * sizeof(float));
    return allowed != cudaSuccess
               ? allowed
               : launch("x_proj", kernel, grid, dim3(TENSOR_THREADS), words * sizeof(float), stream, p);
}

constexpr int MANY_TILES = 8;

int tiles_for(std::int32_t columns) {
    return columns <= X_PROJECTION_FEW_TILES * 8 ? X_PROJECTION_FEW_TILES : MANY_TILES;
}

template <Arithmetic A>
cudaError_t enqueue_as(const XProjection &p, cudaStream_t stream) {
    return tiles_for(p.columns) == X_PROJECTION_FEW_TILES ? enqueue_as<A, X_PROJECTION_FEW_TILES>(p, stream)
                                                          : enqueue_as<A, MANY_TILES>(p, stream);
}

} // namespace

bool has_x_projection(std::int32_t inner, std::int32_t taps, std::int32_t columns, Arithmetic arithmetic) {
    return takes_pairs(arithmetic) && inner % 4 == 0 && taps <= TAPS && columns <= MANY_TILES * 8 &&
           static_cast<std::size_t>(BLOCK_ROWS * row_words(chunks_of(arithmetic, inner))) * sizeof(float) <=
               device().shared_bytes;
}

void pack_x_projection(const std::vector<float> &matrix, std::int32_t columns, std::int32_t inner,
                       const std::vector<float> &most, Arithmetic arithmetic, std::vector<std::uint32_t> &packed,
                       std::vector<float> &range, std::vector<float> &scale) {
    std::vector<float> scaled = matrix;
    for (std::int32_t k = 0; k < inner; ++k) {
        /* bfloat16 has the range of float32: u stays as it is. */
        const float factor =
            arithmetic == Arithmetic::BF16_PAIRS ? RANGE : power_of_two(most[static_cast<std::size_t>(k)]);
        range.push_back(RANGE / factor);
        for (std::int32_t column = 0; column < columns; ++column) {
            scaled[static_cast<std::size_t>(column) * static_cast<std::size_t>(inner) + static_cast<std::size_t>(k)] *=
                factor;
        }
    }
    for (std::int32_t column = 0; column < columns; ++column) {
        scale.push_back(
            scale_row(scaled.data() + static_cast<std::size_t>(column) * static_cast<std::size_t>(inner), inner) /
            RANGE);
    }
    for (std::int32_t k0 = 0; k0 < chunks_of(arithmetic, inner) * chunk_numbers(arithmetic);
         k0 += step_numbers(arithmetic)) {
        pack_step(packed, arithmetic, tiles_for(columns), [&](int tile, int place, int k) {
            const std::int64_t column = tile * 8 + place;
            return column < columns && k0 + k < inner ? scaled[static_cast<std::size_t>(column * inner + k0 + k)]
                                                      : 0.0F;
        });
    }
}

cudaError_t enqueue(const XProjection &p, Arithmetic arithmetic, cudaStream_t stream) {
    return with_pairs(arithmetic, [&](auto a) { return enqueue_as<decltype(a)::value>(p, stream); });
}

} // namespace earshot
