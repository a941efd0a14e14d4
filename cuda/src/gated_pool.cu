/*
 * A block has a run of positions, a thread four channels of one or more, several at once. Where the gate is made
 * of a squeeze, each block makes it for itself, out of some 32 KB of sums that lie in L2, while its first outputs'
 * inputs and the gate's weights are on their way: 1.5 us, less than a launch. Bytes (500 x 64 x 64, pooled): 8.2 MB
 * read, 2 MB written: 4 us for one clip, launch included; in a batch 2.4 us a clip, blocks being longer, so that the
 * gate's 32 KB are 3 % of what a block reads.
 */
#include "gated_pool.h"

#include <algorithm>

#include "intrinsics.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
/* Outputs that a thread reads at once. */
constexpr int LOADS = 8;

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

} // namespace

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

} // namespace earshot
