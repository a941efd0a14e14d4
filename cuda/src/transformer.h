/* The kernels of EARSHOT_LAYER_TRANSFORMER: a fast way for what fits into shared memory, a plain one for all else. */
#pragma once

#include "intrinsics.h"

namespace earshot {

/* y = W x + b; rows are filled up with zeros to a multiple of 4. */
struct TokenMap {
    std::int32_t inputs; /* a multiple of 4 */
    std::int32_t outputs;
    Span<const float> weight; /* [outputs, inputs] */
    Span<const float> bias;   /* [outputs] */
};

struct NormWeights {
    Span<const float> scale;
    Span<const float> shift;
};

/* One layer on [B, tokens, width]. */
struct Encoder {
    std::int64_t batch;
    std::int32_t tokens;
    std::int32_t width;
    std::int32_t heads;
    std::int32_t hidden;
    TokenMap in;
    TokenMap out;
    TokenMap widen;
    TokenMap narrow;
    NormWeights norms[2];
    Span<const float> input;
    Span<float> output;
    Span<float> scratch; /* [B, scratch_floats] */
};

constexpr float LAYER_NORM_EPSILON = 1e-5F;

/* Whether a device with this much shared memory a block can take the fast way, and what scratch a clip then needs. */
bool can_share(std::int64_t tokens, std::int64_t width, std::int64_t heads, std::int64_t hidden,
               std::size_t shared_bytes);
std::int64_t shared_scratch_floats(std::int64_t tokens, std::int64_t width);
cudaError_t enqueue_shared(const Encoder &encoder, cudaStream_t stream);

/* Floats of scratch that a clip needs on the plain way. */
std::int64_t plain_scratch_floats(std::int64_t tokens, std::int64_t width, std::int64_t hidden);
cudaError_t enqueue_plain(const Encoder &encoder, cudaStream_t stream);

__device__ __forceinline__ float warp_maximum(float v) {
    for (int mask = 16; mask > 0; mask /= 2) {
        v = fmaxf(v, __shfl_xor_sync(0xFFFFFFFFU, v, mask));
    }
    return v;
}

/*
 * softmax(q k^T / sqrt(depth)) v of one query, by a warp: number d of token j's query, key and value is
 * projected[j * stride + d], behind `key` and `value`; scores [tokens] are the warp's own. put(d, y). Less the
 * greatest score, or powers would overflow.
 */
template <class Numbers, class Scores, class Put>
__device__ __forceinline__ void attend(const Numbers &projected, int stride, int query, int key, int value, int tokens,
                                       int depth, const Scores &scores, int mine, const Put &put) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float factor = LOG2_E / sqrtf(static_cast<float>(depth));
    float greatest = -INFINITY;
    for (int j = lane; j < tokens; j += 32) {
        float score = 0.0F;
#pragma unroll 8
        for (int d = 0; d < depth; ++d) {
            score = fmaf(projected[query * stride + d], projected[j * stride + key + d], score);
        }
        scores[mine + j] = score;
        greatest = fmaxf(greatest, score);
    }
    greatest = warp_maximum(greatest);
    float whole = 0.0F;
    for (int j = lane; j < tokens; j += 32) {
        const float power = fast_exp2((scores[mine + j] - greatest) * factor);
        scores[mine + j] = power;
        whole += power;
    }
    whole = warp_sum(whole);
    __syncwarp();
    for (int d = lane; d < depth; d += 32) {
        float sum = 0.0F;
#pragma unroll 8
        for (int j = 0; j < tokens; ++j) {
            sum = fmaf(scores[mine + j], projected[j * stride + value + d], sum);
        }
        put(d, sum / whole);
    }
    /* Before the next query's scores take the place of these. */
    __syncwarp();
}

/* The norm of one token, whose channel c is sum_at(c), by a warp: put(c, y). */
template <class X, class Put>
__device__ __forceinline__ void layer_norm(const NormWeights &norm, int width, const X &sum_at, const Put &put) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float share = 1.0F / static_cast<float>(width);
    float sum = 0.0F;
    for (int c = lane; c < width; c += 32) {
        sum += sum_at(c);
    }
    const float mean = warp_sum(sum) * share;
    float squares = 0.0F;
    for (int c = lane; c < width; c += 32) {
        const float deviation = sum_at(c) - mean;
        squares = fmaf(deviation, deviation, squares);
    }
    const float factor = 1.0F / sqrtf(warp_sum(squares) * share + LAYER_NORM_EPSILON);
    for (int c = lane; c < width; c += 32) {
        put(c, fmaf((sum_at(c) - mean) * factor, norm.scale[c], norm.shift[c]));
    }
}

} // namespace earshot
