/*
 * Adaptive mean pooling, the gated 2x2 mean pooling, and EARSHOT_LAYER_TOKEN_POOL.
 *
 * Adaptive: a block has one part of one bin and 32 channels; a thread has four channels of every 32nd position, eight
 * loads of 16 bytes under way. Several grids read x several times, all but the first time from L2, since the blocks of
 * a clip follow one another. Bytes (500 x 64 x 64, one clip, grid 1): 8.2 MB read by 256 blocks, 2 us on an H200 at the
 * rate of L2 and the launch; in a batch, 2 us a clip at the rate of memory.
 * Gated: a block has a run of positions, a thread four channels of one or more, several at once. Where the gate is made
 * of a squeeze, each block makes it for itself, out of some 32 KB of sums that lie in L2, while its first outputs'
 * inputs and the gate's weights are on their way: 1.5 us, less than a launch. Bytes (500 x 64 x 64, pooled): 8.2 MB
 * read, 2 MB written: 4 us for one clip, launch included; in a batch 2.4 us a clip, blocks being longer, so that the
 * gate's 32 KB are 3 % of what a block reads.
 */
#include "pooling.h"

#include <algorithm>

#include "operation.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
/* Threads of an adaptive pool's block that share 32 channels of a position, with four or with one each. */
constexpr int COLUMNS = 32;
/* Positions of an adaptive pool, and outputs of a gated one, that a thread reads at once. */
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

/* What a thread of a gated pool reads at once, and where its outputs lie. */
template <int N, bool POOLED>
class Outputs {
  public:
    static constexpr int STEP = POOLED ? 2 : 1;
    static constexpr int CELLS = STEP * STEP;
    static constexpr int COUNT = LOADS / 2 / STEP;

    __device__ __forceinline__ Outputs(const GatedPool &p, int run)
        : bands_(static_cast<std::uint32_t>(p.bands_out())), groups_(static_cast<std::uint32_t>(p.channels / N)),
          clip_(blockIdx.y) {
        const std::int64_t outputs = p.frames_out() * bands_;
        const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * run;
        first_ = static_cast<std::uint32_t>(first);
        items_ = static_cast<std::uint32_t>(min(static_cast<std::int64_t>(run), outputs - first)) * groups_;
        out_ = (clip_ * outputs + first) * p.channels;
    }

    __device__ __forceinline__ std::uint32_t items() const { return items_; }

    /* Beyond the end the last item is read again, and not written: no load has to wait for a branch. */
    __device__ __forceinline__ void load(const GatedPool &p, std::uint32_t item0) {
        const std::int64_t row = p.bands * p.channels;
#pragma unroll
        for (int k = 0; k < COUNT; ++k) {
            const std::uint32_t item = min(item0 + static_cast<std::uint32_t>(k) * THREADS, items_ - 1);
            if constexpr (POOLED) {
                const std::uint32_t output = first_ + item / groups_;
                const std::uint32_t frame = output / bands_;
                const std::uint32_t band = output - frame * bands_;
                const std::int64_t from = (clip_ * p.frames + frame * STEP) * row +
                                          static_cast<std::int64_t>(band) * (STEP * p.channels) + item % groups_ * N;
#pragma unroll
                for (int cell = 0; cell < CELLS; ++cell) {
                    x_[k][cell] = p.x.load<N>(from + cell / STEP * row + cell % STEP * p.channels);
                }
            } else {
                x_[k][0] = p.x.load<N>(out_ + static_cast<std::int64_t>(item) * N);
            }
        }
    }

    __device__ __forceinline__ void store(const GatedPool &p, std::uint32_t item0, const Shared<float> &gate,
                                          bool gated) const {
#pragma unroll
        for (int k = 0; k < COUNT; ++k) {
            const std::uint32_t item = item0 + static_cast<std::uint32_t>(k) * THREADS;
            if (item < items_) {
                Vector<float, N> factor;
                Vector<float, N> y = {};
                if (gated) {
                    factor = gate.load<N>(static_cast<int>(item % groups_) * N);
                } else {
#pragma unroll
                    for (int n = 0; n < N; ++n) {
                        factor.v[n] = 1.0F;
                    }
                }
#pragma unroll
                for (int n = 0; n < N; ++n) {
#pragma unroll
                    for (int cell = 0; cell < CELLS; ++cell) {
                        y.v[n] += relu(x_[k][cell].v[n] * factor.v[n]);
                    }
                    y.v[n] *= 1.0F / CELLS;
                }
                p.out.store<N>(out_ + static_cast<std::int64_t>(item) * N, y);
            }
        }
    }

  private:
    std::uint32_t bands_;
    std::uint32_t groups_;
    std::int64_t clip_;
    std::uint32_t first_;
    std::uint32_t items_;
    std::int64_t out_;
    Vector<float, N> x_[COUNT][CELLS];
};

/* Block (run of outputs, clip); N channels of an output a thread. */
template <int N, bool POOLED>
__global__ void __launch_bounds__(THREADS, 3) gated_pool_kernel(GatedPool p, int run) {
    begin_kernel();
    const std::int64_t clip = blockIdx.y;
    const bool squeezed = p.squeeze.slots > 0;
    if (squeezed) {
        fetch_gate(p.squeeze);
    }
    /* The first outputs are on their way while the gate is made. */
    Outputs<N, POOLED> outputs(p, run);
    std::uint32_t item = threadIdx.x;
    outputs.load(p, item);
    const Shared<float> gate =
        squeezed ? make_gate(p.squeeze, clip) : Shared<float>(0, p.gate.empty() ? 0 : p.channels);
    if (!p.gate.empty()) {
        for (int c = static_cast<int>(threadIdx.x); c < p.channels; c += THREADS) {
            gate[c] = p.gate[clip * p.channels + c];
        }
        __syncthreads();
    }
    while (item < outputs.items()) {
        outputs.store(p, item, gate, squeezed || !p.gate.empty());
        item += Outputs<N, POOLED>::COUNT * THREADS;
        if (item < outputs.items()) {
            outputs.load(p, item);
        }
    }
}

class TokenPool final : public earshot_cuda_op {
  public:
    explicit TokenPool(const TokenPoolLayer &layer)
        : channels_(layer.channels), tokens_(layer.tokens), grid_(std::vector<PoolGrid>{{layer.tokens, 1}}) {}

    void check(const Extents &e) const override {
        /* The kernel counts a clip's positions in 32 bits. */
        require(size_product({e.frames, e.bands}) <= INT32_MAX,
                "shape: more frames and bands than the kernel can count");
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.positions(), channels_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, tokens_, channels_}); }
    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        earshot::check(earshot::enqueue(AdaptivePool{e.batch, e.frames, e.bands, channels_, 1, tokens_, grid_.span(),
                                                     a.input0, a.output},
                                        a.stream),
                       "token pool");
    }

  private:
    std::int32_t channels_;
    std::int32_t tokens_;
    DeviceArray<PoolGrid> grid_;
};

} // namespace

cudaError_t enqueue(const AdaptivePool &p, cudaStream_t stream) {
    const bool vector = in_fours(p.channels, {p.x.data()});
    const dim3 grid(static_cast<unsigned>(p.slots), static_cast<unsigned>(divide_up(p.channels, COLUMNS)),
                    static_cast<unsigned>(p.batch));
    return launch("adaptive pool", vector ? adaptive_pool_kernel<4> : adaptive_pool_kernel<1>, grid, dim3(THREADS),
                  (vector ? 4 : 1) * THREADS * sizeof(float), stream, p);
}

cudaError_t enqueue(const GatedPool &p, std::int32_t multiprocessors, cudaStream_t stream) {
    static_assert(THREADS == GATE_THREADS, "the block makes the gate");
    const bool vector = in_fours(p.channels, {p.x.data(), p.out.data()});
    const std::int64_t outputs = p.frames_out() * p.bands_out();
    const std::int64_t groups = p.channels / (vector ? 4 : 1);
    /* Two blocks a multiprocessor, but eight blocks a clip; no block without work for all
     * threads, or beyond counting. */
    constexpr std::int64_t MOST_ITEMS = 1 << 24;
    const std::int64_t blocks = std::max<std::int64_t>(8, 2 * multiprocessors / p.batch);
    const std::int64_t run = std::clamp(divide_up(outputs, blocks), divide_up(THREADS, groups),
                                        std::max(divide_up(THREADS, groups), MOST_ITEMS / groups));
    const auto kernel = p.pooled ? (vector ? gated_pool_kernel<4, true> : gated_pool_kernel<1, true>)
                                 : (vector ? gated_pool_kernel<4, false> : gated_pool_kernel<1, false>);
    const int floats = p.squeeze.slots > 0 ? GateLayout(p.channels, p.squeeze.narrow.outputs).floats()
                                           : (p.gate.empty() ? 0 : p.channels);
    const std::size_t bytes = static_cast<std::size_t>(floats) * sizeof(float);
    const cudaError_t allowed = allow_shared(kernel, bytes);
    return allowed != cudaSuccess
               ? allowed
               : launch("gated pool", kernel,
                        dim3(static_cast<unsigned>(divide_up(outputs, run)), static_cast<unsigned>(p.batch)),
                        dim3(THREADS), bytes, stream, p, static_cast<int>(run));
}

std::unique_ptr<earshot_cuda_op> make_token_pool(const Packing &packing) {
    return std::make_unique<TokenPool>(TokenPoolLayer(packing));
}

} // namespace earshot
