/*
 * The instance norms of the dense encoder with the PReLU behind them, and the rounding to what the next convolution's
 * arithmetic reads.
 *
 * Idea: a block has 16 channels, whose statistics it adds up over the tiles by itself (16 KB at paper size, from L2),
 * and a share of the positions; a thread has 8 channels of a position: 32 bytes in, 16 or 32 out. The statistics need
 * no kernel of their own, and what is read several times, by four convolutions and with a halo, is normalised once.
 *
 * Bytes (500 x 64 x 64, one clip): 8.2 MB read, 8.2 MB (pairs without a low part: 4.1 MB) written, in L2: about 3 us on
 * an H200, and 1.5 us until the statistics are there. Measured there (ncu, revision 22f1c3b): 10 us, a quarter of it
 * waiting for x.
 */
#include "convolution.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int BLOCK_CHANNELS = 16;
constexpr int THREAD_CHANNELS = 8;
constexpr int POSITION_LANES = THREADS * THREAD_CHANNELS / BLOCK_CHANNELS;
constexpr int TILE_LANES = THREADS / BLOCK_CHANNELS;
/* Blocks along the positions of a clip, at most. */
constexpr std::int64_t MOST_SHARES = 64;
/* Parts of a clip whose statistics FirstNorm takes side by side. */
constexpr int PARTS = 32;
constexpr float EPSILON = 1e-5F;

__device__ __forceinline__ float prelu(float x, float slope) {
    return x > 0.0F ? x : slope * x;
}

/* What a block's 16 channels are multiplied with and shifted by, and their slopes, in shared memory. */
struct ChannelNorms {
    Shared<float> mean;
    Shared<float> scale;
    Shared<float> shift;
    Shared<float> slope;

    __device__ __forceinline__ ChannelNorms()
        : mean(0, BLOCK_CHANNELS), scale(BLOCK_CHANNELS * 4, BLOCK_CHANNELS), shift(BLOCK_CHANNELS * 8, BLOCK_CHANNELS),
          slope(BLOCK_CHANNELS * 12, BLOCK_CHANNELS) {}
};
constexpr int NORMS_BYTES = BLOCK_CHANNELS * 16;

/* 8 channels from `channel` on of one position, as the arithmetic reads them; channels behind the last are zeros.
   `vector`: whether all positions begin and end at 16 bytes; pairs always do. */
template <Arithmetic A>
__device__ __forceinline__ void write_channels(const Span<std::uint32_t> &out, std::int64_t position, int channel,
                                               int channels, bool vector, const float (&y)[THREAD_CHANNELS]) {
    if constexpr (takes_pairs(A)) {
        const int chunks = (channels + chunk_numbers(A) - 1) / chunk_numbers(A);
        const std::int64_t at =
            (position * chunks + channel / chunk_numbers(A)) * CHUNK_WORDS + channel % chunk_numbers(A) / 2;
        Vector<std::uint32_t, 4> high;
        Vector<std::uint32_t, 4> low;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const PairWords<A> words(y[2 * i], y[2 * i + 1]);
            high.v[i] = words.high;
            low.v[i] = words.low;
        }
        out.store<4>(at, high);
        if constexpr (splits(A)) {
            out.store<4>(at + CHUNK_WORDS / 2, low);
        }
    } else {
        const std::int64_t at = position * channels + channel;
        if (vector) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                Vector<std::uint32_t, 4> four;
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    four.v[k] = bits_of(y[4 * i + k]);
                }
                out.store<4>(at + 4 * i, four);
            }
        } else {
#pragma unroll
            for (int i = 0; i < THREAD_CHANNELS; ++i) {
                if (channel + i < channels) {
                    out[at + i] = bits_of(y[i]);
                }
            }
        }
    }
}

/* Channels that a block's out has, and those of the norm behind them. */
template <Arithmetic A>
std::int32_t padded(std::int32_t channels) {
    return takes_pairs(A) ? chunks_of(A, channels) * chunk_numbers(A) : channels;
}

template <Arithmetic A>
dim3 grid_of(std::int64_t batch, std::int64_t positions, std::int32_t channels) {
    const std::int64_t shares = divide_up(positions, POSITION_LANES);
    return {static_cast<unsigned>((shares < MOST_SHARES ? shares : MOST_SHARES) * batch),
            static_cast<unsigned>(divide_up(padded<A>(channels), BLOCK_CHANNELS))};
}

/* The block's clip and its positions from `first` on, `step` apart. */
struct Share {
    std::int64_t clip;
    std::int64_t first;
    std::int64_t step;

    __device__ __forceinline__ Share(std::int64_t batch) {
        const unsigned shares = gridDim.x / static_cast<unsigned>(batch);
        clip = blockIdx.x / shares;
        first = static_cast<std::int64_t>(blockIdx.x % shares) * POSITION_LANES +
                threadIdx.x / (BLOCK_CHANNELS / THREAD_CHANNELS);
        step = static_cast<std::int64_t>(shares) * POSITION_LANES;
    }
};

template <Arithmetic A>
__global__ void __launch_bounds__(THREADS) instance_norm_kernel(InstanceNorm n, bool vector_out) {
    begin_kernel();
    const ChannelNorms norms;
    const Shared<float> parts(NORMS_BYTES, THREADS);
    const Share share(n.batch);
    const int channel0 = static_cast<int>(blockIdx.y) * BLOCK_CHANNELS;
    const int count = n.tiles;
    {
        /* Combines the tiles' means and squared deviations (Chan, Golub and LeVeque) in the order of the tiles. */
        const int lane = static_cast<int>(threadIdx.x) % BLOCK_CHANNELS;
        const int channel = channel0 + lane;
        const bool mine = channel < n.channels;
        const auto statistic = [&](int tile, int which) {
            return n.statistics[((share.clip * count + tile) * 2 + which) * n.channels + channel];
        };
        const auto total = [&](float v) {
            parts[static_cast<int>(threadIdx.x)] = v;
            __syncthreads();
            float sum = 0.0F;
#pragma unroll
            for (int i = 0; i < TILE_LANES; ++i) {
                sum += parts[i * BLOCK_CHANNELS + lane];
            }
            __syncthreads();
            return sum;
        };
        const float one = 1.0F / static_cast<float>(n.positions);
        float sum = 0.0F;
        for (int tile = static_cast<int>(threadIdx.x) / BLOCK_CHANNELS; tile < count && mine; tile += TILE_LANES) {
            sum += statistic(tile, 0) * (n.counts[tile] * one);
        }
        const float mean = total(sum);
        sum = 0.0F;
        for (int tile = static_cast<int>(threadIdx.x) / BLOCK_CHANNELS; tile < count && mine; tile += TILE_LANES) {
            const float offset = statistic(tile, 0) - mean;
            sum += (statistic(tile, 1) + n.counts[tile] * offset * offset) * one;
        }
        const float variance = total(sum);
        if (threadIdx.x < BLOCK_CHANNELS) {
            norms.mean[lane] = mean;
            norms.scale[lane] = mine ? n.weight[channel] / sqrtf(variance + EPSILON) : 0.0F;
            norms.shift[lane] = mine ? n.bias[channel] : 0.0F;
            norms.slope[lane] = mine ? n.slopes[channel] : 0.0F;
        }
    }
    __syncthreads();
    const int first = static_cast<int>(threadIdx.x) % (BLOCK_CHANNELS / THREAD_CHANNELS) * THREAD_CHANNELS;
    const int channel = channel0 + first;
    if (!takes_pairs(A) && channel >= n.channels) {
        return;
    }
    const bool vector = n.channels % THREAD_CHANNELS == 0;
    for (std::int64_t position = share.first; position < n.positions; position += share.step) {
        const std::int64_t at = (share.clip * n.positions + position) * n.channels + channel;
        float y[THREAD_CHANNELS] = {};
        if (vector && channel < n.channels) {
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                const Float4 four = n.x.load4(at + 4 * i);
#pragma unroll
                for (int k = 0; k < 4; ++k) {
                    y[4 * i + k] = four.v[k];
                }
            }
        } else {
#pragma unroll
            for (int i = 0; i < THREAD_CHANNELS; ++i) {
                if (channel + i < n.channels) {
                    y[i] = n.x[at + i];
                }
            }
        }
#pragma unroll
        for (int i = 0; i < THREAD_CHANNELS; ++i) {
            const int c = first + i;
            y[i] = channel + i < n.channels
                       ? prelu(fmaf(y[i] - norms.mean[c], norms.scale[c], norms.shift[c]), norms.slope[c]) * n.scale
                       : 0.0F;
        }
        write_channels<A>(n.out, share.clip * n.positions + position, channel, n.channels, vector_out, y);
    }
}

/* The sum over a block's threads. */
__device__ __forceinline__ float block_sum(float v, const Shared<float> &parts) {
    v = warp_sum(v);
    __syncthreads();
    if (threadIdx.x % 32 == 0) {
        parts[static_cast<int>(threadIdx.x) / 32] = v;
    }
    __syncthreads();
    float sum = 0.0F;
#pragma unroll
    for (int i = 0; i < THREADS / 32; ++i) {
        sum += parts[i];
    }
    return sum;
}

__device__ __forceinline__ std::int64_t part_begin(std::int64_t positions, int part) {
    return positions * part / PARTS;
}

/* Mean and sum of squared deviations of one part of one clip. */
__global__ void __launch_bounds__(THREADS) input_statistics_kernel(FirstNorm n) {
    begin_kernel();
    const Shared<float> parts(0, THREADS / 32);
    const std::int64_t clip = blockIdx.x / PARTS;
    const int part = static_cast<int>(blockIdx.x % PARTS);
    const std::int64_t begin = part_begin(n.positions, part);
    const std::int64_t end = part_begin(n.positions, part + 1);
    const float share = end > begin ? 1.0F / static_cast<float>(end - begin) : 0.0F;
    float sum = 0.0F;
    for (std::int64_t i = begin + threadIdx.x; i < end; i += THREADS) {
        sum += n.x[clip * n.positions + i];
    }
    const float mean = block_sum(sum, parts) * share;
    sum = 0.0F;
    for (std::int64_t i = begin + threadIdx.x; i < end; i += THREADS) {
        const float deviation = n.x[clip * n.positions + i] - mean;
        sum = fmaf(deviation, deviation, sum);
    }
    sum = block_sum(sum, parts);
    if (threadIdx.x == 0) {
        n.statistics[static_cast<std::int64_t>(blockIdx.x) * 2] = mean;
        n.statistics[static_cast<std::int64_t>(blockIdx.x) * 2 + 1] = sum;
        if (!n.counts.empty() && clip == 0) {
            n.counts[part] = static_cast<float>(end - begin);
        }
    }
}

template <Arithmetic A>
__global__ void __launch_bounds__(THREADS) first_norm_kernel(FirstNorm n, bool vector_out) {
    begin_kernel();
    const ChannelNorms norms;
    const Share share(n.batch);
    const int channel0 = static_cast<int>(blockIdx.y) * BLOCK_CHANNELS;
    if (threadIdx.x < PARTS) {
        /* A lane a part, then a lane a channel. */
        static_assert(PARTS == 32 && BLOCK_CHANNELS <= PARTS, "a warp joins the parts");
        const int lane = static_cast<int>(threadIdx.x);
        const float one = 1.0F / static_cast<float>(n.positions);
        const auto positions = static_cast<float>(part_begin(n.positions, lane + 1) - part_begin(n.positions, lane));
        const Float2 statistic = n.statistics.load<2>((share.clip * PARTS + lane) * 2);
        const float mean = warp_sum(statistic.v[0] * (positions * one));
        const float offset = statistic.v[0] - mean;
        const float variance = warp_sum((statistic.v[1] + positions * offset * offset) * one);
        const int channel = channel0 + lane;
        if (lane < BLOCK_CHANNELS) {
            const bool mine = channel < n.channels;
            const float kernel = mine ? n.kernel[channel] : 0.0F;
            norms.mean[lane] = mean;
            norms.scale[lane] =
                mine ? kernel * (n.weight[channel] / sqrtf(fmaf(kernel * kernel, variance, EPSILON))) : 0.0F;
            norms.shift[lane] = mine ? n.bias[channel] : 0.0F;
            norms.slope[lane] = mine ? n.slopes[channel] : 0.0F;
        }
    }
    __syncthreads();
    const int first = static_cast<int>(threadIdx.x) % (BLOCK_CHANNELS / THREAD_CHANNELS) * THREAD_CHANNELS;
    const int channel = channel0 + first;
    if (!takes_pairs(A) && channel >= n.channels) {
        return;
    }
    for (std::int64_t position = share.first; position < n.positions; position += share.step) {
        const float x = n.x[share.clip * n.positions + position];
        float y[THREAD_CHANNELS];
#pragma unroll
        for (int i = 0; i < THREAD_CHANNELS; ++i) {
            const int c = first + i;
            y[i] = channel + i < n.channels
                       ? prelu(fmaf(x - norms.mean[c], norms.scale[c], norms.shift[c]), norms.slope[c]) * n.scale
                       : 0.0F;
        }
        write_channels<A>(n.out, share.clip * n.positions + position, channel, n.channels, vector_out, y);
    }
}

bool in_eights(std::int32_t channels, const Span<std::uint32_t> &out) {
    return channels % THREAD_CHANNELS == 0 && in_fours(channels, {out.data()});
}

template <Arithmetic A>
cudaError_t enqueue_as(const InstanceNorm &n, cudaStream_t stream) {
    return launch("instance norm", instance_norm_kernel<A>, grid_of<A>(n.batch, n.positions, n.channels), dim3(THREADS),
                  NORMS_BYTES + THREADS * sizeof(float), stream, n, in_eights(n.channels, n.out));
}

template <Arithmetic A>
cudaError_t enqueue_as(const FirstNorm &n, cudaStream_t stream) {
    return launch("first instance norm", first_norm_kernel<A>, grid_of<A>(n.batch, n.positions, n.channels),
                  dim3(THREADS), NORMS_BYTES, stream, n, in_eights(n.channels, n.out));
}

template <class Norm>
cudaError_t enqueue_for(const Norm &n, Arithmetic arithmetic, cudaStream_t stream) {
    return takes_pairs(arithmetic)
               ? with_pairs(arithmetic, [&](auto a) { return enqueue_as<decltype(a)::value>(n, stream); })
               : enqueue_as<Arithmetic::SCALAR>(n, stream);
}

} // namespace

cudaError_t enqueue(const InstanceNorm &n, Arithmetic arithmetic, cudaStream_t stream) {
    return enqueue_for(n, arithmetic, stream);
}

std::int64_t input_parts() {
    return PARTS;
}

std::int64_t input_statistics(std::int64_t batch) {
    return batch * PARTS * 2;
}

cudaError_t enqueue_statistics(const FirstNorm &n, cudaStream_t stream) {
    return launch("statistics of the input", input_statistics_kernel, dim3(static_cast<unsigned>(n.batch * PARTS)),
                  dim3(THREADS), THREADS / 32 * sizeof(float), stream, n);
}

cudaError_t enqueue(const FirstNorm &n, Arithmetic arithmetic, cudaStream_t stream) {
    const cudaError_t error = enqueue_statistics(n, stream);
    return error != cudaSuccess ? error : enqueue_for(n, arithmetic, stream);
}

} // namespace earshot
