/*
 * Idea: 9 multiply-adds an output are less than writing it, so the convolution is never worth keeping: where a gate
 * depends on the mean of the whole clip, the first kernel makes the outputs only to add them up, the second makes them
 * again and applies the gate. A block has up to 16 groups of four channels, as many bands as threads are left, and a
 * strip of frames; a thread keeps its 36 weights and the 3 x 3 window in registers, and reads three numbers of shared
 * memory a frame. A warp writes 512 bytes in a row.
 *
 * Bytes (500 x 64 to 64 channels, one clip): 0.13 MB read, twice; 8.2 MB written. Flops: 37 M, twice. Limit on an H200:
 * the launches, 2 us each, and 1.5 us for the gate that each block makes; in a batch, 0.8 us a clip for each kernel's
 * instructions (48 a frame of four channels) and 2 us for the bytes.
 */
#include "single_channel.h"

#include <algorithm>

#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = GATE_THREADS;
constexpr int TAPS = 9;
/* Groups of N channels that a block has at most. */
constexpr int MOST_GROUPS = 16;
/* Strips have at least so many frames, and a clip at most so many slots, or as many as there are blocks along bands. */
constexpr std::int64_t LEAST_FRAMES = 8;
constexpr std::int64_t MOST_SLOTS = 128;

enum class Result { PLAIN, MEANS, GATED };

/* How a clip is cut into blocks. */
struct Cut {
    int groups; /* of N channels, in a block */
    int bands;  /* of a block */
    int frames; /* of a block */
    int along_bands;
    int along_time;

    __host__ __device__ Cut(std::int64_t all_frames, std::int64_t all_bands, int all_groups) {
        groups = all_groups < MOST_GROUPS ? all_groups : MOST_GROUPS;
        bands = THREADS / groups;
        along_bands = static_cast<int>((all_bands + bands - 1) / bands);
        const std::int64_t strips = MOST_SLOTS / along_bands > 1 ? MOST_SLOTS / along_bands : 1;
        const std::int64_t wanted = (all_frames + strips - 1) / strips;
        frames = static_cast<int>(wanted > LEAST_FRAMES ? wanted : LEAST_FRAMES);
        along_time = static_cast<int>((all_frames + frames - 1) / frames);
    }
};

/* Frames of x that a block has in shared memory at once, and their floats. */
constexpr int WINDOW = 16;
__host__ __device__ int window_floats(const Cut &cut) {
    return ((WINDOW + 2) * (cut.bands + 2) + 3) / 4 * 4;
}

/* Block (strip of frames and bands, groups of channels, clip). */
template <int N, Result R>
__global__ void __launch_bounds__(THREADS)
    single_channel_kernel(SingleChannel c, [[maybe_unused]] Squeeze squeeze, Span<float> out) {
    begin_kernel();
    if constexpr (R == Result::GATED) {
        fetch_gate(squeeze);
    }
    const int groups = c.channels / N;
    const Cut cut(c.frames, c.bands, groups);
    const std::int64_t clip = blockIdx.z;
    const int thread = static_cast<int>(threadIdx.x);
    const int band = thread / cut.groups;
    const int band0 = static_cast<int>(blockIdx.x) % cut.along_bands * cut.bands;
    const int frame0 = static_cast<int>(blockIdx.x) / cut.along_bands * cut.frames;
    const int frames = min(cut.frames, c.frames - frame0);
    const int group = static_cast<int>(blockIdx.y) * cut.groups + thread % cut.groups;
    const int channel = group * N;
    const bool mine = band < cut.bands && band0 + band < c.bands && group < groups;
    const int stride = cut.bands + 2;

    Vector<float, N> weights[TAPS] = {};
    Vector<float, N> bias = {};
    [[maybe_unused]] Vector<float, N> factor = {};
    int used = 0;
    if (mine) {
        bias = c.bias.load<N>(channel);
#pragma unroll
        for (int tap = 0; tap < TAPS; ++tap) {
            weights[tap] = c.weights.load<N>(tap * c.channels + channel);
        }
    }
    if constexpr (R == Result::GATED) {
        const Shared<float> gate = make_gate(squeeze, clip);
        used = GateLayout(c.channels, squeeze.narrow.outputs).floats();
        if (mine) {
            factor = gate.load<N>(channel);
        }
    }
    const Shared<float> x(used * static_cast<int>(sizeof(float)), window_floats(cut));
    [[maybe_unused]] Vector<float, N> sum = {};
    for (int window0 = 0; window0 < frames; window0 += WINDOW) {
        __syncthreads();
        for (int i = thread; i < (WINDOW + 2) * stride; i += THREADS) {
            const int frame = frame0 + window0 + i / stride - 1;
            const int at = band0 + i % stride - 1;
            x[i] = frame >= 0 && frame < c.frames && at >= 0 && at < c.bands
                       ? c.x[(clip * c.frames + frame) * c.bands + at]
                       : 0.0F;
        }
        __syncthreads();
        if (!mine) {
            continue;
        }
        float seen[TAPS];
#pragma unroll
        for (int i = 0; i < 6; ++i) {
            seen[i + 3] = x[i / 3 * stride + band + i % 3];
        }
        const int last = min(WINDOW, frames - window0);
#pragma unroll 4
        for (int i = 0; i < last; ++i) {
            Vector<float, N> z = bias;
#pragma unroll
            for (int tap = 0; tap < TAPS; ++tap) {
                seen[tap] = tap < 6 ? seen[tap + 3] : x[(i + 2) * stride + band + tap % 3];
#pragma unroll
                for (int k = 0; k < N; ++k) {
                    z.v[k] = fmaf(weights[tap].v[k], seen[tap], z.v[k]);
                }
            }
            if constexpr (R == Result::MEANS) {
#pragma unroll
                for (int k = 0; k < N; ++k) {
                    sum.v[k] += z.v[k];
                }
            } else {
                if constexpr (R == Result::GATED) {
#pragma unroll
                    for (int k = 0; k < N; ++k) {
                        z.v[k] = relu(z.v[k] * factor.v[k]);
                    }
                }
                const std::int64_t position = (clip * c.frames + frame0 + window0 + i) * c.bands + band0 + band;
                out.store<N>(position * c.channels + channel, z);
            }
        }
    }
    if constexpr (R == Result::MEANS) {
        const int columns = cut.groups * N;
        __syncthreads();
        const Shared<float> shares(0, cut.bands * columns);
        if (band < cut.bands) {
            shares.store<N>(band * columns + thread % cut.groups * N, sum);
        }
        __syncthreads();
        const int column = static_cast<int>(blockIdx.y) * columns + thread;
        if (thread < columns && column < c.channels) {
            float total = 0.0F;
            for (int b = 0; b < cut.bands; ++b) {
                total += shares[b * columns + thread];
            }
            const float count = static_cast<float>(c.frames) * static_cast<float>(c.bands);
            out[(clip * gridDim.x + blockIdx.x) * c.channels + column] = total / count;
        }
    }
}

template <Result R>
cudaError_t enqueue_as(const SingleChannel &c, const Squeeze &squeeze, const Span<float> &out, cudaStream_t stream) {
    const bool vector = in_fours(c.channels, {out.data()});
    const int groups = c.channels / (vector ? 4 : 1);
    const Cut cut(c.frames, c.bands, groups);
    int floats = window_floats(cut);
    if (R == Result::GATED) {
        floats += GateLayout(c.channels, squeeze.narrow.outputs).floats();
    } else if (R == Result::MEANS) {
        floats = std::max(floats, cut.bands * cut.groups * (vector ? 4 : 1));
    }
    const auto kernel = vector ? single_channel_kernel<4, R> : single_channel_kernel<1, R>;
    const std::size_t bytes = static_cast<std::size_t>(floats) * sizeof(float);
    const cudaError_t allowed = allow_shared(kernel, bytes);
    return allowed != cudaSuccess
               ? allowed
               : launch("convolution of one channel", kernel,
                        dim3(static_cast<unsigned>(cut.along_bands) * static_cast<unsigned>(cut.along_time),
                             static_cast<unsigned>(divide_up(groups, cut.groups)), static_cast<unsigned>(c.batch)),
                        dim3(THREADS), bytes, stream, c, squeeze, out);
}

} // namespace

cudaError_t enqueue(const SingleChannel &c, const Span<float> &out, cudaStream_t stream) {
    return enqueue_as<Result::PLAIN>(c, Squeeze(), out, stream);
}

std::int64_t single_channel_slots(std::int64_t frames, std::int64_t bands, std::int32_t channels) {
    const Cut cut(frames, bands, channels % 4 == 0 ? channels / 4 : channels);
    return static_cast<std::int64_t>(cut.along_bands) * cut.along_time;
}

cudaError_t enqueue_means(const SingleChannel &c, const Span<float> &pools, cudaStream_t stream) {
    return enqueue_as<Result::MEANS>(c, Squeeze(), pools, stream);
}

cudaError_t enqueue_gated(const SingleChannel &c, const Squeeze &squeeze, const Span<float> &out, cudaStream_t stream) {
    return enqueue_as<Result::GATED>(c, squeeze, out, stream);
}

} // namespace earshot
