/* Tokens normed on their way to shared memory, as a product's factor: what the kernels that begin a Mamba path share. */
#pragma once

#include "earshot_layers.h"
#include "tensor_tile.h"
#include "token_norm.h"

namespace earshot {

constexpr int TOKEN_LANES = 8;
/* Fours of channels that a lane holds, for so many channels. */
__host__ __device__ constexpr int lane_quads(int channels) {
    return (channels + TOKEN_LANES * 4 - 1) / (TOKEN_LANES * 4);
}
constexpr std::int32_t MOST_CHANNELS = 128;
/* What a token with a mean square of 1 is multiplied with: sqrt(128) times this is still a number of half precision. */
constexpr float TOKEN_RANGE = 4096.0F;

/* The sum over the lanes of a token. */
__device__ __forceinline__ float token_sum(float v) {
#pragma unroll
    for (int mask = TOKEN_LANES / 2; mask > 0; mask /= 2) {
        v += __shfl_xor_sync(0xFFFFFFFFU, v, mask);
    }
    return v;
}

/*
 * Scales and then shifts of the norm for a clip, by THREADS threads, of which this is number `thread`, TOGETHER products
 * of a thread at a time: more wait for memory less often, and want registers that callers may keep sums in.
 */
template <int THREADS, int TOGETHER>
__device__ __forceinline__ void norm_parameters(const TokenNorm &n, std::int64_t clip, const Shared<float> &parameters,
                                                int thread) {
    if (n.kind == EARSHOT_NORM_LAYER) {
#pragma unroll 1
        for (int i = thread; i < 2 * n.channels; i += THREADS) {
            parameters[i] = n.parameters[i];
        }
        return;
    }
    /* Four lanes a parameter. */
    constexpr int LANES = 4;
    const int lane = thread % LANES;
    const int width = n.condition_width;
    const int channels = n.channels;
    const std::int64_t condition = clip * width;
#pragma unroll 1
    for (int i = thread / LANES; i < 2 * channels; i += THREADS / LANES) {
        const int weight = i / channels * channels * (width + 1);
        const int row = weight + i % channels * width;
        float sum = lane == 0 ? n.parameters[weight + channels * width + i % channels] : 0.0F;
#pragma unroll TOGETHER
        for (int k = lane; k < width; k += LANES) {
            sum = fmaf(n.parameters[row + k], n.condition[condition + k], sum);
        }
        /* The lanes of one parameter always are in the loop together. */
        const unsigned mask = 0xFU << (thread % 32 / LANES * LANES);
        sum += __shfl_xor_sync(mask, sum, 1);
        sum += __shfl_xor_sync(mask, sum, 2);
        if (lane == 0) {
            parameters[i] = sum;
        }
    }
}

/* A lane's share of a token: at most QUADS fours of channels, 4 TOKEN_LANES apart. */
template <int QUADS>
struct TokenShare {
    Float4 x[QUADS];

    static __device__ __forceinline__ int channel(int j, int lane) {
        return j * TOKEN_LANES * 4 + lane % TOKEN_LANES * 4;
    }

    /* The token whose channels begin at `first`, or zeros; `aligned`: whether x lies at 16 bytes. */
    __device__ __forceinline__ void load(const TokenNorm &n, std::int64_t first, bool present, bool aligned, int lane) {
#pragma unroll
        for (int j = 0; j < QUADS; ++j) {
            x[j] = load_or_zero(n.x, first + channel(j, lane), aligned && present && channel(j, lane) < n.channels);
        }
        if (aligned) {
            return;
        }
#pragma unroll
        for (int j = 0; j < QUADS; ++j) {
            if (present && channel(j, lane) < n.channels) {
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    x[j].v[i] = n.x[first + channel(j, lane) + i];
                }
            }
        }
    }

    /* Norms the token, writes h if `kept`, and its words to row `row`. All lanes of a token call it together. */
    template <Arithmetic A>
    __device__ __forceinline__ void norm(const TokenNorm &n, const Shared<float> &parameters, std::int64_t first,
                                         bool kept, const Shared<std::uint32_t> &rows, int row, int lane) {
        constexpr float EPSILON = 1e-5F;
        const float share = 1.0F / static_cast<float>(found_here(n.channels));
        if (n.kind != EARSHOT_NORM_NONE) {
            float sum = 0.0F;
#pragma unroll
            for (int j = 0; j < QUADS; ++j) {
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    sum += x[j].v[i];
                }
            }
            const float mean = token_sum(sum) * share;
            float squares = 0.0F;
#pragma unroll
            for (int j = 0; j < QUADS; ++j) {
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const float deviation = channel(j, lane) < n.channels ? x[j].v[i] - mean : 0.0F;
                    squares = fmaf(deviation, deviation, squares);
                }
            }
            const float factor = __frsqrt_rn(token_sum(squares) * share + EPSILON);
#pragma unroll
            for (int j = 0; j < QUADS; ++j) {
                const int at = channel(j, lane);
                if (at < n.channels) {
                    const Float4 scale = parameters.load4(at);
                    const Float4 shift = parameters.load4(n.channels + at);
#pragma unroll
                    for (int i = 0; i < 4; ++i) {
                        x[j].v[i] = fmaf((x[j].v[i] - mean) * factor, scale.v[i], shift.v[i]);
                    }
                    if (kept) {
                        n.h.store4(first + at, x[j]);
                    }
                }
            }
        }
        float squares = 0.0F;
#pragma unroll
        for (int j = 0; j < QUADS; ++j) {
#pragma unroll
            for (int i = 0; i < 4; ++i) {
                squares = fmaf(x[j].v[i], x[j].v[i], squares);
            }
        }
        const float factor = TOKEN_RANGE * __frsqrt_rn(token_sum(squares) * share + EPSILON);
        const int chunks = chunks_of(A, n.channels);
#pragma unroll
        for (int j = 0; j < QUADS; ++j) {
            if (j < chunks * chunk_numbers(A) / (TOKEN_LANES * 4)) {
                const PairWords<A> first_two(x[j].v[0] * factor, x[j].v[1] * factor);
                const PairWords<A> last_two(x[j].v[2] * factor, x[j].v[3] * factor);
                const int at = channel(j, lane);
                const int to =
                    row * row_words(chunks) + at / chunk_numbers(A) * CHUNK_WORDS + at % chunk_numbers(A) / 2;
                rows.template store<2>(to, {{first_two.high, last_two.high}});
                if constexpr (splits(A)) {
                    rows.template store<2>(to + CHUNK_WORDS / 2, {{first_two.low, last_two.low}});
                }
            }
        }
    }
};

} // namespace earshot
