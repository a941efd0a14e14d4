/*
 * A block has one part of one bin and 32 channels; a thread has four channels of every 32nd position, eight
 * loads of 16 bytes under way. Several grids read x several times, all but the first time from L2, since the blocks of
 * a clip follow one another. Bytes (500 x 64 x 64, one clip, grid 1): 8.2 MB read by 256 blocks, 2 us on an H200 at the
 * rate of L2 and the launch; in a batch, 2 us a clip at the rate of memory.
 */
#include "adaptive_pool.h"

#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
/* Threads of a block that share 32 channels of a position, with four or with one each. */
constexpr int COLUMNS = 32;
/* Positions that a thread reads at once. */
constexpr int LOADS = 8;

__device__ __forceinline__ std::int64_t bin_first(std::int64_t i, std::int64_t length, std::int64_t bins) {
    return i * length / bins;
}
__device__ __forceinline__ std::int64_t bin_end(std::int64_t i, std::int64_t length, std::int64_t bins) {
    return ((i + 1) * length + bins - 1) / bins;
}

/* Block (slot, channels / 32, clip), N channels of a position a thread. */
template <int N>
__global__ void __launch_bounds__(THREADS) adaptive_pool_kernel(AdaptivePool p) {
    begin_kernel();
    constexpr int LANES = COLUMNS / N;
    constexpr int ROWS = THREADS / LANES;
    const Shared<float> shares(0, ROWS * COLUMNS);
    const int lane = static_cast<int>(threadIdx.x) % LANES;
    const int row = static_cast<int>(threadIdx.x) / LANES;
    const std::int64_t channel = static_cast<std::int64_t>(blockIdx.y) * COLUMNS + lane * N;
    const std::int64_t clip = blockIdx.z;
    int grid = 0;
    int slot = static_cast<int>(blockIdx.x);
    while (slot >= p.grids[grid].bins() * p.grids[grid].parts_of_bin(p.parts)) {
        slot -= p.grids[grid].bins() * p.grids[grid].parts_of_bin(p.parts);
        ++grid;
    }
    const PoolGrid g = p.grids[grid];
    const int parts = g.parts_of_bin(p.parts);
    const int index = slot / parts;
    const int part = slot % parts;
    const std::int64_t frame0 = bin_first(index / g.columns, p.frames, g.rows);
    const std::int64_t band0 = bin_first(index % g.columns, p.bands, g.columns);
    const auto bands = static_cast<std::uint32_t>(bin_end(index % g.columns, p.bands, g.columns) - band0);
    const std::int64_t count = (bin_end(index / g.columns, p.frames, g.rows) - frame0) * bands;
    const std::int64_t first = ((clip * p.frames + frame0) * p.bands + band0) * p.channels + channel;
    const auto begin = static_cast<std::uint32_t>(count * part / parts);
    const auto end = static_cast<std::uint32_t>(count * (part + 1) / parts);
    Vector<float, N> sum = {};
    if (channel < p.channels) {
        for (std::uint32_t i0 = begin + static_cast<std::uint32_t>(row); i0 < end; i0 += LOADS * ROWS) {
            /* Beyond the end the last position is read again, and not added: no load has to wait for a branch. */
            Vector<float, N> x[LOADS];
#pragma unroll
            for (int k = 0; k < LOADS; ++k) {
                const std::uint32_t i = min(i0 + static_cast<std::uint32_t>(k) * ROWS, end - 1);
                const std::int64_t position =
                    bands == p.bands ? i : static_cast<std::int64_t>(i / bands) * p.bands + i % bands;
                x[k] = p.x.load<N>(first + position * p.channels);
            }
#pragma unroll
            for (int k = 0; k < LOADS; ++k) {
                const bool within = i0 + static_cast<std::uint32_t>(k) * ROWS < end;
#pragma unroll
                for (int n = 0; n < N; ++n) {
                    sum.v[n] += within ? x[k].v[n] : 0.0F;
                }
            }
        }
    }
    shares.store<N>(row * COLUMNS + lane * N, sum);
    __syncthreads();
    const auto column = static_cast<int>(threadIdx.x);
    const std::int64_t mine = static_cast<std::int64_t>(blockIdx.y) * COLUMNS + column;
    if (column < COLUMNS && mine < p.channels) {
        float total = 0.0F;
#pragma unroll 8
        for (int r = 0; r < ROWS; ++r) {
            total += shares[r * COLUMNS + column];
        }
        p.out[(clip * p.slots + blockIdx.x) * p.channels + mine] = total / static_cast<float>(count);
    }
}

} // namespace

cudaError_t enqueue(const AdaptivePool &p, cudaStream_t stream) {
    const bool vector = in_fours(p.channels, {p.x.data()});
    const dim3 grid(static_cast<unsigned>(p.slots), static_cast<unsigned>(divide_up(p.channels, COLUMNS)),
                    static_cast<unsigned>(p.batch));
    return launch("adaptive pool", vector ? adaptive_pool_kernel<4> : adaptive_pool_kernel<1>, grid, dim3(THREADS),
                  (vector ? 4 : 1) * THREADS * sizeof(float), stream, p);
}

} // namespace earshot
