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
 * in L2: about 3 us on an H200, and 1.5 us until statistics and x are there. Measured there with half sectors (revision
 * 91047b3, within a run): 14 us, in half precision 9; the first norm as long.
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

/* How a block's threads share what it writes: a thread has 16 bytes of a position, 8 channels in half words or 4 floats;
   a warp has ROUNDS times WARP_POSITIONS positions. */
template <PlaneOrder ORDER>
struct Shares {
    static constexpr int THREAD_CHANNELS = ORDER == PlaneOrder::FLOATS ? 4 : SLAB_CHANNELS;
    static constexpr int WARP_POSITIONS = 32 * THREAD_CHANNELS / SLAB_CHANNELS;
    static constexpr int ROUNDS = THREAD_NUMBERS / THREAD_CHANNELS;
    static constexpr int BLOCK_POSITIONS = THREADS / 32 * ROUNDS * WARP_POSITIONS;
};

/* `first`: the thread's first channel in the slab; `at`: a place in a channel's row of x, of which the pitch may leave
   out some. */
template <Arithmetic A, PlaneOrder ORDER>
__device__ __forceinline__ void write_position(const SlabNorm &n, std::int64_t clip, int slab, int first,
                                               std::uint32_t at, std::uint32_t pitch,
                                               const float (&y)[Shares<ORDER>::THREAD_CHANNELS]) {
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
    const std::int64_t positions = static_cast<std::int64_t>(n.frames) * n.bands;
    if constexpr (ORDER == PlaneOrder::FLOATS) {
        n.out.store<4>((clip * positions + position) * CHANNELS + slab * SLAB_CHANNELS + first,
                       {{bits_of(y[0]), bits_of(y[1]), bits_of(y[2]), bits_of(y[3])}});
    } else {
        Vector<std::uint32_t, 4> high;
        Vector<std::uint32_t, 4> low;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const PairWords<A> words(y[2 * i], y[2 * i + 1]);
            high.v[i] = words.high;
            low.v[i] = words.low;
        }
        constexpr int PARTS = splits(A) ? 2 : 1;
        const std::int64_t to = ((clip * SLABS * PARTS + slab) * positions + position) * 4;
        n.out.store<4>(to, high);
        if constexpr (splits(A)) {
            n.out.store<4>(to + SLABS * positions * 4, low);
        }
    }
}

template <Arithmetic A, PlaneOrder ORDER, bool FIRST>
__global__ void __launch_bounds__(THREADS) slab_norm_kernel(SlabNorm n) {
    begin_kernel();
    using S = Shares<ORDER>;
    const Shared<float> norms(0, SLAB_CHANNELS * 4);
    const int slab = static_cast<int>(blockIdx.y);
    const unsigned shares = gridDim.x / static_cast<unsigned>(n.batch);
    const std::int64_t clip = blockIdx.x / shares;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    constexpr int LANES = SLAB_CHANNELS / S::THREAD_CHANNELS; /* of a position */
    const int first = lane % LANES * S::THREAD_CHANNELS;
    constexpr int ROWS = FIRST ? 1 : S::THREAD_CHANNELS;
    const auto pitch = static_cast<std::uint32_t>(FIRST ? n.bands : raw_pitch(n.bands));
    const std::int64_t row = static_cast<std::int64_t>(n.frames) * pitch;
    const std::int64_t x0 = (FIRST ? clip : clip * CHANNELS + slab * SLAB_CHANNELS + first) * row;
    float x[S::ROUNDS][ROWS];
    /* Beyond the end the last place is read again, and not written: no load has to wait for a branch. */
    const auto load = [&](std::int64_t position) {
#pragma unroll
        for (int i = 0; i < S::ROUNDS; ++i) {
            const std::int64_t at = x0 + min(position + i * S::WARP_POSITIONS, row - 1);
#pragma unroll
            for (int c = 0; c < ROWS; ++c) {
                x[i][c] = n.x[at + c * row];
            }
        }
    };
    const std::int64_t step = static_cast<std::int64_t>(shares) * S::BLOCK_POSITIONS;
    std::int64_t position = static_cast<std::int64_t>(blockIdx.x % shares) * S::BLOCK_POSITIONS +
                            warp * S::ROUNDS * S::WARP_POSITIONS + lane / LANES;
    load(position);
    const ChannelNorm mine = channel_norm(n, clip, slab * SLAB_CHANNELS + warp);
    if (lane == 0) {
        norms.store4(warp * 4, {{mine.mean, mine.scale, mine.shift, mine.slope}});
    }
    __syncthreads();
    while (position < row) {
        float y[S::ROUNDS][S::THREAD_CHANNELS];
#pragma unroll
        for (int c = 0; c < S::THREAD_CHANNELS; ++c) {
            const Float4 norm = norms.load4((first + c) * 4);
            const ChannelNorm channel = {norm.v[0], norm.v[1], norm.v[2], norm.v[3]};
#pragma unroll
            for (int i = 0; i < S::ROUNDS; ++i) {
                y[i][c] = channel.of(x[i][FIRST ? 0 : c]);
            }
        }
        const std::int64_t now = position;
        position += step;
        if (position < row) {
            load(position);
        }
#pragma unroll
        for (int i = 0; i < S::ROUNDS; ++i) {
            const std::int64_t at = now + i * S::WARP_POSITIONS;
            if (at < row) {
                write_position<A, ORDER>(n, clip, slab, first, static_cast<std::uint32_t>(at), pitch, y[i]);
            }
        }
    }
}

template <Arithmetic A, PlaneOrder ORDER, bool FIRST>
cudaError_t enqueue_as(const SlabNorm &n, cudaStream_t stream) {
    /* A block for a share of each slab: enough of them for the device, or a share a thread; and not many more, as each
       adds up the statistics. */
    const std::int64_t wanted = std::max<std::int64_t>(8, divide_up(2 * device().multiprocessors, SLABS * n.batch));
    const std::int64_t row = std::int64_t{n.frames} * (FIRST ? n.bands : raw_pitch(n.bands));
    const std::int64_t shares = std::min(divide_up(row, Shares<ORDER>::BLOCK_POSITIONS), wanted);
    return launch("slab norm", slab_norm_kernel<A, ORDER, FIRST>, dim3(static_cast<unsigned>(shares * n.batch), SLABS),
                  dim3(THREADS), SLAB_CHANNELS * sizeof(Float4), stream, n);
}

} // namespace

cudaError_t enqueue(const SlabNorm &n, Arithmetic arithmetic, cudaStream_t stream) {
    if (n.order == PlaneOrder::FLOATS) {
        /* Whatever was multiplied with. */
        return enqueue_as<Arithmetic::HALF, PlaneOrder::FLOATS, false>(n, stream);
    }
    return with_pairs(arithmetic, [&](auto a) {
        constexpr Arithmetic A = decltype(a)::value;
        if (!n.kernel.empty()) {
            return enqueue_as<A, PlaneOrder::SLABS, true>(n, stream);
        }
        return n.order == PlaneOrder::SLABS ? enqueue_as<A, PlaneOrder::SLABS, false>(n, stream)
                                            : enqueue_as<A, PlaneOrder::SLABS_BY_PARITY, false>(n, stream);
    });
}

} // namespace earshot
