/*
 * A transformer's encoder layer in two kernels.
 *
 * Idea: heads are independent up to the output's product, tokens are from there on. The first kernel has a block for
 * each head of each clip: it copies the clip's tokens and the head's 3 depth rows of weights into shared memory, all at
 * once, makes queries, keys and values (a thread has one of them for four tokens), and attends (a warp a query). The
 * second has a block for each two tokens. All its weights are copied to shared memory at once (where they do not fit,
 * they are read from L2). A warp has 16 rows of weights, of which a lane reads 16 bytes each; 32 sums of 32 lanes are
 * then exchanged in 31 shuffles, after which each lane has one. Both norms, the ReLU and the residuals are in that
 * kernel, so that nothing but the heads' results goes through L2.
 *
 * Bytes (16 tokens of 128, 8 heads, hidden 32, one clip): 8 blocks read 24 KB of weights and 8 KB of tokens each; 8
 * blocks read 96 KB. Flops: 2.5 M. Limit on an H200: latency: two launches, one round trip to L2 in each, of 0.4 and
 * 0.8 us (96 KB at 64 bytes a cycle), 1 us and 0.5 us of multiply-adds: 5 us. A batch of 256 clips: 260 MB from L2,
 * 60 us.
 */
#include "transformer.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;
/* Tokens for which a thread of the first kernel uses a weight. */
constexpr int TOKENS = 4;
/* Tokens of a block of the second kernel, and rows of weights that a warp has at once. */
constexpr int BLOCK_TOKENS = 2;
constexpr int ROWS = 32 / BLOCK_TOKENS;

/* Where the parts of the first kernel's shared memory lie, in floats. */
struct HeadLayout {
    int stride; /* from token to token, and from row of weights to row: 16 bytes more put 8 rows into different banks */
    int projected_stride; /* odd, so that keys lie in different banks */
    int weights;
    int projected;
    int scores;
    std::int64_t floats;

    __host__ __device__ HeadLayout(std::int64_t tokens, std::int64_t inputs, std::int64_t depth) {
        const auto fours = [](std::int64_t n) { return (n + 3) / 4 * 4; };
        const std::int64_t row = inputs + 4;
        const std::int64_t odd = 3 * depth % 2 == 0 ? 3 * depth + 1 : 3 * depth;
        const std::int64_t behind_x = tokens * row;
        const std::int64_t behind_weights = behind_x + 3 * depth * row;
        const std::int64_t behind_projected = behind_weights + fours(tokens * odd);
        stride = static_cast<int>(row);
        projected_stride = static_cast<int>(odd);
        weights = static_cast<int>(behind_x);
        projected = static_cast<int>(behind_weights);
        scores = static_cast<int>(behind_projected);
        floats = behind_projected + WARPS * tokens;
    }
};

__host__ __device__ std::int64_t padded_width(std::int64_t n) {
    return (n + 3) / 4 * 4;
}

/* Block (head, clip): attended [B, tokens, width]. */
__global__ void __launch_bounds__(THREADS) attention_kernel(Encoder e) {
    begin_kernel();
    const int depth = e.width / e.heads;
    const int columns = 3 * depth;
    const HeadLayout l(e.tokens, e.in.inputs, depth);
    const auto bytes = [](int floats) { return floats * static_cast<int>(sizeof(float)); };
    const Shared<float> x(0, l.weights);
    const Shared<float> weights(bytes(l.weights), l.projected - l.weights);
    const Shared<float> projected(bytes(l.projected), l.scores - l.projected);
    const Shared<float> scores(bytes(l.scores), WARPS * e.tokens);
    const int thread = static_cast<int>(threadIdx.x);
    const int head = static_cast<int>(blockIdx.x);
    const std::int64_t clip = static_cast<std::int64_t>(blockIdx.y) * e.tokens * e.width;
    const int quads = e.in.inputs / 4;
    for (int i = thread; i < columns * quads; i += THREADS) {
        const int column = i / quads;
        const int at = i % quads * 4;
        const int row = column / depth * e.width + head * depth + column % depth;
        copy_async(weights, column * l.stride + at, e.in.weight, static_cast<std::int64_t>(row) * e.in.inputs + at);
    }
    for (int i = thread; i < e.tokens * e.in.inputs; i += THREADS) {
        const int token = i / e.in.inputs;
        const int channel = i % e.in.inputs;
        x[token * l.stride + channel] =
            channel < e.width ? e.input[clip + static_cast<std::int64_t>(token) * e.width + channel] : 0.0F;
    }
    wait_for_copies();
    __syncthreads();
    const int items = (e.tokens + TOKENS - 1) / TOKENS * columns;
    for (int item = thread; item < items; item += THREADS) {
        const int column = item % columns;
        const int first = item / columns * TOKENS;
        const float bias = e.in.bias[column / depth * e.width + head * depth + column % depth];
        float sums[TOKENS];
        int rows[TOKENS];
#pragma unroll
        for (int k = 0; k < TOKENS; ++k) {
            sums[k] = bias;
            rows[k] = min(first + k, e.tokens - 1) * l.stride;
        }
#pragma unroll 4
        for (int i = 0; i < e.in.inputs; i += 4) {
            const Float4 weight = weights.load4(column * l.stride + i);
#pragma unroll
            for (int k = 0; k < TOKENS; ++k) {
                const Float4 v = x.load4(rows[k] + i);
#pragma unroll
                for (int j = 0; j < 4; ++j) {
                    sums[k] = fmaf(weight.v[j], v.v[j], sums[k]);
                }
            }
        }
#pragma unroll
        for (int k = 0; k < TOKENS; ++k) {
            if (first + k < e.tokens) {
                projected[(first + k) * l.projected_stride + column] = sums[k];
            }
        }
    }
    __syncthreads();
    const int warp = thread / 32;
    for (int query = warp; query < e.tokens; query += WARPS) {
        attend(projected, l.projected_stride, query, depth, 2 * depth, e.tokens, depth, scores, warp * e.tokens,
               [&](int d, float y) {
                   e.scratch[clip + static_cast<std::int64_t>(query) * e.width + head * depth + d] = y;
               });
    }
}

/* Of 2 HALF numbers each lane keeps the half that its bit says, added up with what the other lane has of it. */
template <int HALF>
__device__ __forceinline__ void exchange_half(float (&v)[32], int lane) {
    const bool upper = (lane & HALF) != 0;
#pragma unroll
    for (int i = 0; i < HALF; ++i) {
        const float mine = upper ? v[i + HALF] : v[i];
        const float others = upper ? v[i] : v[i + HALF];
        v[i] = mine + __shfl_xor_sync(0xFFFFFFFFU, others, HALF);
    }
}

/* Lane i's result is the sum over all lanes of their v[i]. */
__device__ __forceinline__ float exchange_sums(float (&v)[32], int lane) {
    exchange_half<16>(v, lane);
    exchange_half<8>(v, lane);
    exchange_half<4>(v, lane);
    exchange_half<2>(v, lane);
    exchange_half<1>(v, lane);
    return v[0];
}

/*
 * y = W x + b for the block's tokens, put(token, output, y): warp w has the rows w, w + WARPS, ... `weights` are those
 * of the map, wherever they lie.
 */
template <class Weights, class Put>
__device__ __forceinline__ void apply(const TokenMap &m, const Weights &weights, const Shared<float> &x, int stride,
                                      const Put &put) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    for (int first = warp; first < m.outputs; first += WARPS * ROWS) {
        float sums[32] = {};
        for (int k = lane * 4; k - lane * 4 < m.inputs; k += 128) {
            if (k < m.inputs) {
                Float4 weight[ROWS];
#pragma unroll
                for (int r = 0; r < ROWS; ++r) {
                    const int row = min(first + r * WARPS, m.outputs - 1);
                    weight[r] = weights.load4(row * m.inputs + k);
                }
#pragma unroll
                for (int token = 0; token < BLOCK_TOKENS; ++token) {
                    const Float4 v = x.load4(token * stride + k);
#pragma unroll
                    for (int r = 0; r < ROWS; ++r) {
#pragma unroll
                        for (int i = 0; i < 4; ++i) {
                            sums[token * ROWS + r] = fmaf(weight[r].v[i], v.v[i], sums[token * ROWS + r]);
                        }
                    }
                }
            }
        }
        const float sum = exchange_sums(sums, lane);
        const int output = first + lane % ROWS * WARPS;
        if (output < m.outputs) {
            put(lane / ROWS, output, sum + m.bias[output]);
        }
    }
}

std::int64_t token_floats(std::int64_t width, std::int64_t hidden) {
    return BLOCK_TOKENS * (3 * padded_width(width) + padded_width(hidden));
}

/* Floats of the three maps behind attention, where they are few enough for shared memory. */
std::int64_t fetched_floats(std::int64_t width, std::int64_t hidden) {
    constexpr std::int64_t MOST = 28 * 1024;
    const std::int64_t floats = (width + hidden) * padded_width(width) + width * padded_width(hidden);
    return floats <= MOST ? floats : 0;
}

/* Begins to copy a map's weights to shared memory, as one group of copies. */
__device__ __forceinline__ void fetch(const Shared<float> &to, const TokenMap &m) {
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x) * 4; i < m.outputs * m.inputs; i += THREADS * 4) {
        copy_async(to, i, m.weight, i);
    }
    commit_copies();
}

/* What stands behind attention, for BLOCK_TOKENS tokens of any clips. FETCHED: fetched_floats are not 0. */
template <bool FETCHED>
__global__ void __launch_bounds__(THREADS) token_kernel(Encoder e) {
    begin_kernel();
    const int stride = e.out.inputs;
    const int inner_stride = e.narrow.inputs;
    const auto bytes = [](int floats) { return floats * static_cast<int>(sizeof(float)); };
    const Shared<float> x(0, BLOCK_TOKENS * stride);
    const Shared<float> attended(bytes(BLOCK_TOKENS * stride), BLOCK_TOKENS * stride);
    const Shared<float> added(bytes(2 * BLOCK_TOKENS * stride), BLOCK_TOKENS * stride);
    const Shared<float> inner(bytes(3 * BLOCK_TOKENS * stride), BLOCK_TOKENS * inner_stride);
    const auto floats_of = [](const TokenMap &m) { return FETCHED ? m.outputs * m.inputs : 0; };
    const int behind = BLOCK_TOKENS * (3 * stride + inner_stride);
    const Shared<float> out(bytes(behind), floats_of(e.out));
    const Shared<float> widen(bytes(behind + floats_of(e.out)), floats_of(e.widen));
    const Shared<float> narrow(bytes(behind + floats_of(e.out) + floats_of(e.widen)), floats_of(e.narrow));
    const int thread = static_cast<int>(threadIdx.x);
    const int warp = thread / 32;
    const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * BLOCK_TOKENS;
    const std::int64_t tokens = min(e.batch * e.tokens - first, static_cast<std::int64_t>(BLOCK_TOKENS));
    if constexpr (FETCHED) {
        fetch(out, e.out);
        fetch(widen, e.widen);
        fetch(narrow, e.narrow);
    }
    for (int i = thread; i < BLOCK_TOKENS * stride; i += THREADS) {
        const int token = i / stride;
        const int channel = i % stride;
        const bool inside = token < tokens && channel < e.width;
        const std::int64_t from = (first + token) * e.width + channel;
        x[i] = inside ? e.input[from] : 0.0F;
        attended[i] = inside ? e.scratch[from] : 0.0F;
    }
    for (int i = thread; i < BLOCK_TOKENS * inner_stride; i += THREADS) {
        inner[i] = 0.0F;
    }
    wait_for_groups<2>();
    __syncthreads();
    const auto add = [&](int token, int c, float y) { added[token * stride + c] = y; };
    if constexpr (FETCHED) {
        apply(e.out, out, attended, stride, add);
    } else {
        apply(e.out, e.out.weight, attended, stride, add);
    }
    __syncthreads();
    if (warp < BLOCK_TOKENS) {
        layer_norm(
            e.norms[0], e.width, [&](int c) { return x[warp * stride + c] + added[warp * stride + c]; },
            [&](int c, float y) { x[warp * stride + c] = y; });
    }
    wait_for_groups<0>();
    __syncthreads();
    const auto rectified = [&](int token, int c, float y) { inner[token * inner_stride + c] = relu(y); };
    if constexpr (FETCHED) {
        apply(e.widen, widen, x, stride, rectified);
        __syncthreads();
        apply(e.narrow, narrow, inner, inner_stride, add);
    } else {
        apply(e.widen, e.widen.weight, x, stride, rectified);
        __syncthreads();
        apply(e.narrow, e.narrow.weight, inner, inner_stride, add);
    }
    __syncthreads();
    if (warp < tokens) {
        layer_norm(
            e.norms[1], e.width, [&](int c) { return x[warp * stride + c] + added[warp * stride + c]; },
            [&](int c, float y) { e.output[(first + warp) * e.width + c] = y; });
    }
}

std::size_t token_bytes(std::int64_t width, std::int64_t hidden) {
    return static_cast<std::size_t>(token_floats(width, hidden) + fetched_floats(width, hidden)) * sizeof(float);
}

std::size_t head_bytes(std::int64_t tokens, std::int64_t width, std::int64_t heads) {
    return static_cast<std::size_t>(HeadLayout(tokens, padded_width(width), width / heads).floats) * sizeof(float);
}

} // namespace

bool can_share(std::int64_t tokens, std::int64_t width, std::int64_t heads, std::int64_t hidden,
               std::size_t shared_bytes) {
    return head_bytes(tokens, width, heads) <= shared_bytes && token_bytes(width, hidden) <= shared_bytes;
}

std::int64_t shared_scratch_floats(std::int64_t tokens, std::int64_t width) {
    return tokens * width;
}

cudaError_t enqueue_shared(const Encoder &e, cudaStream_t stream) {
    const std::size_t of_head = head_bytes(e.tokens, e.width, e.heads);
    const std::size_t of_tokens = token_bytes(e.width, e.hidden);
    const auto of_token = fetched_floats(e.width, e.hidden) > 0 ? token_kernel<true> : token_kernel<false>;
    cudaError_t error = allow_shared(attention_kernel, of_head);
    if (error == cudaSuccess) {
        error = allow_shared(of_token, of_tokens);
    }
    if (error == cudaSuccess) {
        error =
            launch("attention", attention_kernel, dim3(static_cast<unsigned>(e.heads), static_cast<unsigned>(e.batch)),
                   dim3(THREADS), of_head, stream, e);
    }
    const std::int64_t blocks = divide_up(e.batch * e.tokens, BLOCK_TOKENS);
    return error != cudaSuccess ? error
                                : launch("tokens of a transformer", of_token, dim3(static_cast<unsigned>(blocks)),
                                         dim3(THREADS), of_tokens, stream, e);
}

} // namespace earshot
