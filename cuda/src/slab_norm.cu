/*
 * The instance norms between convolutions by warpgroups, and the one in front of them: instance_norm.cu for planes in
 * slabs.
 *
 * Idea: a block has the 8 channels of a slab and a share of the positions; a warp reads rows of 32 positions, all of its
 * numbers under way before anything else is done, and writes them as runs of 16 bytes a lane: what two lanes side by
 * side write is a sector of L2, which takes half sectors at a fraction of the rate. The statistics of the 8 channels are
 * added up by a warp each meanwhile. Of the first norm all channels come from one number of a position.
 *
 * Bytes (500 x 64 x 64, one clip): 8.2 MB read (first norm: 0.13), 8.2 MB (pairs without a low part: 4.1 MB) written,
 * in L2: about 3 us on an H200, and 1.5 us until statistics and x are there. Measured there (revision 52c69ac, within a
 * run): 6 us, in half precision 4.8; the first norm 4.7 and 3.8; with half sectors (91047b3) 14 and 9. The last norm,
 * which writes floats, 32 bytes of a position: 9 us, and 16 with a lane for 16 bytes (4292891).
 */
#include <algorithm>

#include "convolution.h"
#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int CHANNELS = 64;
constexpr int SLAB_CHANNELS = 8;
constexpr int SLABS = CHANNELS / SLAB_CHANNELS;
constexpr int THREADS = SLAB_CHANNELS * 32;
/* Numbers that a thread reads at once. */
constexpr int THREAD_NUMBERS = 32;
constexpr float EPSILON = 1e-5F;

/* A channel's y = prelu((x - mean) * scale + shift, slope), of numbers that are multiplied by the plane's scale. */
struct ChannelNorm {
    float mean;
    float scale;
    float shift;
    float slope;

    __device__ __forceinline__ float of(float x) const {
        const float y = fmaf(x - mean, scale, shift);
        return y > 0.0F ? y : slope * y;
    }
};

/* By a warp: the norm of a channel from the statistics of its parts (Chan, Golub and LeVeque). */
__device__ __forceinline__ ChannelNorm channel_norm(const SlabNorm &n, std::int64_t clip, int channel) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const bool first = !n.kernel.empty();
    const std::int64_t base = (first ? clip : clip * CHANNELS + channel) * n.entries;
    const float one = 1.0F / (static_cast<float>(n.frames) * static_cast<float>(n.bands));
    /* As many entries at once as a clip of 10 s has. */
    constexpr int TOGETHER = 8;
    float mean = 0.0F;
    float variance = 0.0F;
    for (int pass = 0; pass < 2; ++pass) {
        float sum = 0.0F;
        for (std::int64_t begin = 0; begin < n.entries; begin += TOGETHER * 32) {
#pragma unroll
            for (int i = 0; i < TOGETHER; ++i) {
                const std::int64_t entry = begin + i * 32 + lane;
                if (entry < n.entries) {
                    const Float2 statistic = n.statistics.load<2>((base + entry) * 2);
                    const float share = n.counts[entry] * one;
                    const float offset = statistic.v[0] - mean;
                    sum += pass == 0 ? statistic.v[0] * share : fmaf(share * offset, offset, statistic.v[1] * one);
                }
            }
        }
        (pass == 0 ? mean : variance) = warp_sum(sum);
    }
    const float kernel = first ? n.kernel[channel] : 1.0F;
    const float scale = n.weight[channel] / sqrtf(fmaf(kernel * kernel, variance, EPSILON));
    return {mean, kernel * scale * n.scale, n.bias[channel] * n.scale, n.slopes[channel]};
}

/* A block's part of the work: its clip, slab, and how many blocks share a slab. */
struct Part {
    std::int64_t clip;
    int slab;
    std::int64_t share;
    std::int64_t shares;

    __device__ __forceinline__ explicit Part(const SlabNorm &n)
        : slab(static_cast<int>(blockIdx.y)), shares(gridDim.x / static_cast<unsigned>(n.batch)) {
        clip = blockIdx.x / static_cast<unsigned>(shares);
        share = blockIdx.x % static_cast<unsigned>(shares);
    }
};

/* The norms of the slab's channels into shared memory, one by each warp; behind it all threads see them. */
__device__ __forceinline__ void share_norms(const SlabNorm &n, const Part &part, const Shared<float> &norms) {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const ChannelNorm mine = channel_norm(n, part.clip, part.slab * SLAB_CHANNELS + warp);
    if (threadIdx.x % 32 == 0) {
        norms.store4(warp * 4, {{mine.mean, mine.scale, mine.shift, mine.slope}});
    }
    __syncthreads();
}

__device__ __forceinline__ ChannelNorm norm_of(const Shared<float> &norms, int channel) {
    const Float4 norm = norms.load4(channel * 4);
    return {norm.v[0], norm.v[1], norm.v[2], norm.v[3]};
}

constexpr int ROUNDS = THREAD_NUMBERS / SLAB_CHANNELS;
constexpr int BLOCK_POSITIONS = THREADS * ROUNDS;

/* `at`: a place in a channel's row of x, of which the pitch may leave out some. */
template <Arithmetic A, PlaneOrder ORDER>
__device__ __forceinline__ void write_position(const SlabNorm &n, const Part &part, std::uint32_t at,
                                               std::uint32_t pitch, const float (&y)[SLAB_CHANNELS]) {
    const auto bands = static_cast<std::uint32_t>(n.bands);
    std::uint32_t position = at;
    if (ORDER == PlaneOrder::SLABS_BY_PARITY || pitch != bands) {
        const std::uint32_t frame = at / pitch;
        const std::uint32_t band = at - frame * pitch;
        if (band >= bands) {
            return;
        }
        position =
            frame * bands + (ORDER == PlaneOrder::SLABS_BY_PARITY ? band / 2 + band % 2 * ((bands + 1) / 2) : band);
    }
    Vector<std::uint32_t, 4> high;
    Vector<std::uint32_t, 4> low;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        const PairWords<A> words(y[2 * i], y[2 * i + 1]);
        high.v[i] = words.high;
        low.v[i] = words.low;
    }
    constexpr int PARTS = splits(A) ? 2 : 1;
    const std::int64_t positions = static_cast<std::int64_t>(n.frames) * n.bands;
    const std::int64_t to = ((part.clip * SLABS * PARTS + part.slab) * positions + position) * 4;
    n.out.store<4>(to, high);
    if constexpr (splits(A)) {
        n.out.store<4>(to + SLABS * positions * 4, low);
    }
}

/* A warp has ROUNDS times 32 positions. */
template <Arithmetic A, PlaneOrder ORDER, bool FIRST>
__global__ void __launch_bounds__(THREADS) slab_norm_kernel(SlabNorm n) {
    begin_kernel();
    const Shared<float> norms(0, SLAB_CHANNELS * 4);
    const Part part(n);
    constexpr int ROWS = FIRST ? 1 : SLAB_CHANNELS;
    const auto pitch = static_cast<std::uint32_t>(FIRST ? n.bands : raw_pitch(n.bands));
    const std::int64_t row = static_cast<std::int64_t>(n.frames) * pitch;
    const std::int64_t x0 = (FIRST ? part.clip : part.clip * CHANNELS + part.slab * SLAB_CHANNELS) * row;
    float x[ROUNDS][ROWS];
    /* Beyond the end the last place is read again, and not written: no load has to wait for a branch. */
    const auto load = [&](std::int64_t position) {
#pragma unroll
        for (int i = 0; i < ROUNDS; ++i) {
            const std::int64_t at = x0 + min(position + i * 32, row - 1);
#pragma unroll
            for (int c = 0; c < ROWS; ++c) {
                x[i][c] = n.x[at + c * row];
            }
        }
    };
    const std::int64_t step = part.shares * BLOCK_POSITIONS;
    std::int64_t position = part.share * BLOCK_POSITIONS + threadIdx.x / 32 * (ROUNDS * 32) + threadIdx.x % 32;
    load(position);
    share_norms(n, part, norms);
    while (position < row) {
        float y[ROUNDS][SLAB_CHANNELS];
#pragma unroll
        for (int c = 0; c < SLAB_CHANNELS; ++c) {
            const ChannelNorm channel = norm_of(norms, c);
#pragma unroll
            for (int i = 0; i < ROUNDS; ++i) {
                y[i][c] = channel.of(x[i][FIRST ? 0 : c]);
            }
        }
        const std::int64_t now = position;
        position += step;
        if (position < row) {
            load(position);
        }
#pragma unroll
        for (int i = 0; i < ROUNDS; ++i) {
            const std::int64_t at = now + i * 32;
            if (at < row) {
                write_position<A, ORDER>(n, part, static_cast<std::uint32_t>(at), pitch, y[i]);
            }
        }
    }
}

/* For floats: a thread has ROUNDS positions of a frame, 16 bytes of each channel in, 32 bytes of each position out. */
__global__ void __launch_bounds__(THREADS) float_norm_kernel(SlabNorm n) {
    begin_kernel();
    static_assert(ROUNDS == 4, "16 bytes of a channel");
    const Shared<float> norms(0, SLAB_CHANNELS * 4);
    const Part part(n);
    const std::uint32_t pitch = raw_pitch(n.bands);
    const std::int64_t row = static_cast<std::int64_t>(n.frames) * pitch;
    const std::int64_t x0 = (part.clip * CHANNELS + part.slab * SLAB_CHANNELS) * row;
    Float4 x[SLAB_CHANNELS];
    const auto load = [&](std::int64_t position) {
        const std::int64_t at = x0 + min(position, row - ROUNDS);
#pragma unroll
        for (int c = 0; c < SLAB_CHANNELS; ++c) {
            x[c] = n.x.load4(at + c * row);
        }
    };
    std::int64_t position = part.share * BLOCK_POSITIONS + threadIdx.x * ROUNDS;
    load(position);
    share_norms(n, part, norms);
    while (position < row) {
        Float4 y[ROUNDS][2];
#pragma unroll
        for (int c = 0; c < SLAB_CHANNELS; ++c) {
            const ChannelNorm channel = norm_of(norms, c);
#pragma unroll
            for (int i = 0; i < ROUNDS; ++i) {
                y[i][c / 4].v[c % 4] = channel.of(x[c].v[i]);
            }
        }
        const std::uint32_t frame = static_cast<std::uint32_t>(position) / pitch;
        const auto band = static_cast<int>(static_cast<std::uint32_t>(position) - frame * pitch);
        position += part.shares * BLOCK_POSITIONS;
        if (position < row) {
            load(position);
        }
        const std::int64_t to =
            ((part.clip * n.frames + frame) * n.bands + band) * CHANNELS + part.slab * SLAB_CHANNELS;
#pragma unroll
        for (int i = 0; i < ROUNDS; ++i) {
            if (band + i < n.bands) {
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    const Float4 &four = y[i][half];
                    n.out.store<4>(to + i * CHANNELS + half * 4,
                                   {{bits_of(four.v[0]), bits_of(four.v[1]), bits_of(four.v[2]), bits_of(four.v[3])}});
                }
            }
        }
    }
}

cudaError_t enqueue_as(void (*kernel)(SlabNorm), const SlabNorm &n, std::int64_t row, cudaStream_t stream) {
    /* A block for a share of each slab: enough of them for the device, or a share a thread; and not many more, as each
       adds up the statistics. */
    const std::int64_t wanted = std::max<std::int64_t>(8, divide_up(2 * device().multiprocessors, SLABS * n.batch));
    const std::int64_t shares = std::min(divide_up(row, BLOCK_POSITIONS), wanted);
    return launch("slab norm", kernel, dim3(static_cast<unsigned>(shares * n.batch), SLABS), dim3(THREADS),
                  SLAB_CHANNELS * sizeof(Float4), stream, n);
}

} // namespace

cudaError_t enqueue(const SlabNorm &n, Arithmetic arithmetic, cudaStream_t stream) {
    const std::int64_t row = std::int64_t{n.frames} * (n.kernel.empty() ? raw_pitch(n.bands) : n.bands);
    if (n.order == PlaneOrder::FLOATS) {
        return enqueue_as(float_norm_kernel, n, row, stream);
    }
    return with_pairs(arithmetic, [&](auto a) {
        constexpr Arithmetic A = decltype(a)::value;
        const auto kernel = !n.kernel.empty()              ? slab_norm_kernel<A, PlaneOrder::SLABS, true>
                            : n.order == PlaneOrder::SLABS ? slab_norm_kernel<A, PlaneOrder::SLABS, false>
                                                           : slab_norm_kernel<A, PlaneOrder::SLABS_BY_PARITY, false>;
        return enqueue_as(kernel, n, row, stream);
    });
}

} // namespace earshot
