/*
 * A transformer's encoder layer of any size: a block a clip, all between input and output in scratch memory. The plain
 * way, for clips that do not fit into shared memory: nothing here is tuned.
 */
#include "transformer.h"

namespace earshot {

namespace {

constexpr int THREADS = 512;
constexpr int WARPS = THREADS / 32;
/* Tokens for which a thread uses a weight. */
constexpr int TOKENS = 8;

/* Where in a clip's memory the parts lie, in floats; rows of all but the first are multiples of 4 apart. */
struct Layout {
    std::int64_t projected; /* queries, keys and values, [tokens, projected_stride] */
    std::int64_t scores;    /* [WARPS, tokens] */
    std::int64_t x;         /* [tokens, width_stride] */
    std::int64_t attended;  /* [tokens, width_stride] */
    std::int64_t added;     /* [tokens, width_stride]: what is added to x in front of a norm */
    std::int64_t inner;     /* [tokens, inner_stride] */
    std::int64_t floats;
    std::int32_t projected_stride;
    std::int32_t width_stride;
    std::int32_t inner_stride;

    __host__ __device__ Layout(std::int64_t tokens, std::int64_t width, std::int64_t hidden) {
        const auto fours = [](std::int64_t n) { return (n + 3) / 4 * 4; };
        projected_stride = static_cast<std::int32_t>(fours(3 * width) + 1);
        width_stride = static_cast<std::int32_t>(fours(width));
        inner_stride = static_cast<std::int32_t>(fours(hidden));
        projected = 0;
        scores = projected + fours(tokens * projected_stride);
        x = scores + fours(WARPS * tokens);
        attended = x + tokens * width_stride;
        added = attended + tokens * width_stride;
        inner = added + tokens * width_stride;
        floats = inner + tokens * inner_stride;
    }
};

/* y = W x + b for all tokens, then max(y, 0) if `rectify`. */
__device__ __forceinline__ void apply(const TokenMap &m, int tokens, const Span<float> &x, int x_stride,
                                      const Span<float> &y, int y_stride, bool rectify) {
    const int items = (tokens + TOKENS - 1) / TOKENS * m.outputs;
    for (int item = static_cast<int>(threadIdx.x); item < items; item += THREADS) {
        const int column = item % m.outputs;
        const int first = item / m.outputs * TOKENS;
        float sums[TOKENS];
        int rows[TOKENS];
#pragma unroll
        for (int k = 0; k < TOKENS; ++k) {
            sums[k] = m.bias[column];
            rows[k] = min(first + k, tokens - 1) * x_stride;
        }
        for (int i = 0; i < m.inputs; i += 4) {
            const Float4 weight = m.weight.load4(static_cast<std::int64_t>(column) * m.inputs + i);
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
            if (first + k < tokens) {
                y[(first + k) * y_stride + column] = rectify ? relu(sums[k]) : sums[k];
            }
        }
    }
}

/* A block a clip. */
__global__ void __launch_bounds__(THREADS) transformer_kernel(Encoder e) {
    begin_kernel();
    const Layout l(e.tokens, e.width, e.hidden);
    const int stride = l.width_stride;
    const int depth = e.width / e.heads;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const Span<float> mine = e.scratch.part(blockIdx.x * l.floats, l.floats);
    const Span<float> projected = mine.part(l.projected, l.scores - l.projected);
    const Span<float> scores = mine.part(l.scores, l.x - l.scores);
    const Span<float> x = mine.part(l.x, l.attended - l.x);
    const Span<float> attended = mine.part(l.attended, l.added - l.attended);
    const Span<float> added = mine.part(l.added, l.inner - l.added);
    const Span<float> inner = mine.part(l.inner, l.floats - l.inner);
    const std::int64_t clip = static_cast<std::int64_t>(blockIdx.x) * e.tokens * e.width;
    for (int i = static_cast<int>(threadIdx.x); i < e.tokens * stride; i += THREADS) {
        const int channel = i % stride;
        x[i] = channel < e.width ? e.input[clip + i / stride * e.width + channel] : 0.0F;
        if (channel >= e.width) {
            attended[i] = 0.0F;
        }
    }
    for (int i = static_cast<int>(threadIdx.x); i < e.tokens * l.inner_stride; i += THREADS) {
        inner[i] = 0.0F;
    }
    __syncthreads();
    apply(e.in, e.tokens, x, stride, projected, l.projected_stride, false);
    __syncthreads();
    for (int task = warp; task < e.heads * e.tokens; task += WARPS) {
        const int head = task % e.heads * depth;
        const int query = task / e.heads;
        attend(projected.part(head, l.scores - l.projected - head), l.projected_stride, query, e.width, 2 * e.width,
               e.tokens, depth, scores, warp * e.tokens,
               [&](int d, float y) { attended[query * stride + head + d] = y; });
    }
    __syncthreads();
    apply(e.out, e.tokens, attended, stride, added, stride, false);
    const auto norm = [&](int which, const auto &put) {
        __syncthreads();
        for (int token = warp; token < e.tokens; token += WARPS) {
            layer_norm(
                e.norms[which], e.width, [&](int c) { return x[token * stride + c] + added[token * stride + c]; },
                [&](int c, float y) { put(token, c, y); });
        }
    };
    norm(0, [&](int token, int c, float y) { x[token * stride + c] = y; });
    __syncthreads();
    apply(e.widen, e.tokens, x, stride, inner, l.inner_stride, true);
    __syncthreads();
    apply(e.narrow, e.tokens, inner, l.inner_stride, added, stride, false);
    norm(1, [&](int token, int c, float y) { e.output[clip + static_cast<std::int64_t>(token) * e.width + c] = y; });
}

} // namespace

std::int64_t plain_scratch_floats(std::int64_t tokens, std::int64_t width, std::int64_t hidden) {
    return Layout(tokens, width, hidden).floats;
}

cudaError_t enqueue_plain(const Encoder &e, cudaStream_t stream) {
    return launch("transformer", transformer_kernel, dim3(static_cast<unsigned>(e.batch)), dim3(THREADS), 0, stream, e);
}

} // namespace earshot
