/*
 * Causal depthwise convolution with SiLU, both directions in one launch.
 *
 * Idea: a thread owns four neighbouring channels (one 16-byte access) over a run of 16 consecutive tokens. The last
 * taps - 1 inputs stay in registers, so an input is read once, and again only as the start of the next run. Inputs are
 * loaded four tokens at a time, ahead of the arithmetic, so that each thread keeps 64 bytes in flight.
 *
 * Bytes a token, direction and channel: 4 (16 + taps - 1) / 16 read (of which the surplus 3/16 comes from L2), 4
 * written. Flops: 2 taps + 2; exp2 and reciprocal: one each. Time path and frequency path of the paper (31 x 500
 * tokens, 2 x 256 channels) alike: 31.7 MB read, 31.7 MB written, 79 Mflop, 16 M special functions twice (4.3 us).
 * Expected limit on an H200 at 4.8 TB/s: memory, 13 us at batch 1, 423 us at batch 32.
 */
#include "intrinsics.h"
#include "scan.h"

namespace earshot {
namespace {

constexpr int RUN = 16;
constexpr int STEP = 4;
constexpr int THREADS = 256;
constexpr int MOST_TAPS = 8;

/* Neighbouring channels of one token. */
template <int WIDTH>
struct Channels {
    float v[WIDTH];
};

template <int WIDTH>
__device__ __forceinline__ Channels<WIDTH> load(const Span<const float> &from, std::int64_t at) {
    Channels<WIDTH> c;
    if constexpr (WIDTH == 4) {
        const Float4 f = from.load4(at);
#pragma unroll
        for (int i = 0; i < WIDTH; ++i) {
            c.v[i] = f.v[i];
        }
    } else {
        static_assert(WIDTH == 1, "channels come singly or in fours");
        c.v[0] = from[at];
    }
    return c;
}

template <int WIDTH>
__device__ __forceinline__ void store(const Span<float> &to, std::int64_t at, const Channels<WIDTH> &c) {
    if constexpr (WIDTH == 4) {
        to.store4(at, {c.v[0], c.v[1], c.v[2], c.v[3]});
    } else {
        to[at] = c.v[0];
    }
}

/* `groups` groups of WIDTH channels, `runs` runs of RUN tokens in a sequence, `blocks` blocks for a sequence. */
template <int TAPS, int WIDTH>
__global__ void __launch_bounds__(THREADS) causal_convolution(const CausalConvolution p, const std::uint32_t groups,
                                                              const std::uint32_t runs, const std::uint32_t blocks) {
    begin_kernel();
    const std::uint32_t item = blockIdx.x % blocks * THREADS + threadIdx.x;
    if (item >= groups * 2 * runs) {
        return;
    }
    const std::int64_t channel = static_cast<std::int64_t>(item % groups) * WIDTH;
    const std::int64_t direction = item / groups % 2;
    const int begin = static_cast<int>(item / groups / 2) * RUN;
    const int length = p.sequences.length;
    const int end = min(begin + RUN, length);
    const std::int64_t inner = p.inner;

    Channels<WIDTH> weight[TAPS];
#pragma unroll
    for (int k = 0; k < TAPS; ++k) {
        weight[k] = load<WIDTH>(p.weight, (direction * TAPS + k) * inner + channel);
    }
    const Channels<WIDTH> bias = load<WIDTH>(p.bias, direction * inner + channel);

    /* The token at place t of the direction's order is token start + t * step. */
    const std::int64_t first = p.sequences.first(blockIdx.x / blocks);
    const std::int64_t start = direction == 0 ? first : first + (length - 1) * p.sequences.step;
    const std::int64_t step = direction == 0 ? p.sequences.step : -p.sequences.step;

    /* window[i] is the input at t - (TAPS - 1) + i. */
    Channels<WIDTH> window[TAPS - 1 + STEP] = {};
#pragma unroll
    for (int i = 0; i < TAPS - 1; ++i) {
        const int t = begin - (TAPS - 1) + i;
        if (t >= 0) {
            window[i] = load<WIDTH>(p.x, (start + t * step) * 4 * inner + direction * 2 * inner + channel);
        }
    }
    for (int t0 = begin; t0 < end; t0 += STEP) {
#pragma unroll
        for (int i = 0; i < STEP; ++i) {
            if (t0 + i < end) {
                window[TAPS - 1 + i] =
                    load<WIDTH>(p.x, (start + (t0 + i) * step) * 4 * inner + direction * 2 * inner + channel);
            }
        }
#pragma unroll
        for (int i = 0; i < STEP; ++i) {
            if (t0 + i < end) {
                Channels<WIDTH> u = bias;
#pragma unroll
                for (int c = 0; c < WIDTH; ++c) {
#pragma unroll
                    for (int k = 0; k < TAPS; ++k) {
                        u.v[c] = fmaf(weight[k].v[c], window[i + k].v[c], u.v[c]);
                    }
                    u.v[c] = silu(u.v[c]);
                }
                store<WIDTH>(p.u, (start + (t0 + i) * step) * 2 * inner + direction * inner + channel, u);
            }
        }
#pragma unroll
        for (int i = 0; i < TAPS - 1; ++i) {
            window[i] = window[i + STEP];
        }
    }
}

template <int TAPS, int WIDTH>
cudaError_t launch_width(const CausalConvolution &p, cudaStream_t stream) {
    const std::int64_t groups = p.inner / WIDTH;
    const std::int64_t runs = divide_up(p.sequences.length, RUN);
    const std::int64_t blocks = divide_up(groups * 2 * runs, THREADS);
    if (groups * 2 * runs > UINT32_MAX || blocks * p.sequences.count > INT32_MAX) {
        return cudaErrorInvalidValue;
    }
    return launch("causal_convolution", causal_convolution<TAPS, WIDTH>,
                  dim3(static_cast<unsigned>(blocks * p.sequences.count)), dim3(THREADS), 0, stream, p,
                  static_cast<std::uint32_t>(groups), static_cast<std::uint32_t>(runs),
                  static_cast<std::uint32_t>(blocks));
}

template <int TAPS>
cudaError_t launch_taps(const CausalConvolution &p, cudaStream_t stream) {
    if (p.taps != TAPS) {
        if constexpr (TAPS < MOST_TAPS) {
            return launch_taps<TAPS + 1>(p, stream);
        } else {
            return cudaErrorInvalidValue;
        }
    }
    return p.inner % 4 == 0 ? launch_width<TAPS, 4>(p, stream) : launch_width<TAPS, 1>(p, stream);
}

} // namespace

cudaError_t enqueue(const CausalConvolution &convolution, cudaStream_t stream) {
    if (convolution.inner < 1 || convolution.sequences.count < 1 || convolution.sequences.length < 1) {
        return cudaErrorInvalidValue;
    }
    return launch_taps<1>(convolution, stream);
}

} // namespace earshot
