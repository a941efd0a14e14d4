/*
 * EARSHOT_LAYER_GLOBAL_POOL: the positions of a clip are cut into parts that fill the device, each block sums (or
 * compares) its part, a second launch joins the parts in their order; a clip of few positions is one part, and needs no
 * second launch. A thread has one channel of every 8th position, eight loads under way at once. Bytes (500 x 32 x 64,
 * one clip): 4 MB read by 2 x 128 blocks, 2 us on an H200 and 1.5 us for the second launch.
 */
#include <algorithm>

#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

struct Pool {
    std::int64_t positions;
    std::int32_t channels;
    bool maximum;
};

/* The greater one; a NaN wins. */
__device__ __forceinline__ float greater(float a, float b) {
    return a >= b || a != a ? a : b;
}

/* What one thread takes of its rows of `channels` values: one channel of every WARPS-th row from `row` on. */
__device__ __forceinline__ float pool_rows(const Pool &p, const Span<const float> &x, std::int64_t first,
                                           std::int64_t row, std::int64_t end, int channel) {
    constexpr int LOADS = 8;
    const float nothing = p.maximum ? -INFINITY : 0.0F;
    float result = nothing;
    for (; row < end; row += LOADS * WARPS) {
        /* Beyond the end the last row is read again, and not taken: no load has to wait for a branch. */
        float v[LOADS];
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            v[i] = x[first + min(row + i * WARPS, end - 1) * p.channels + channel];
        }
#pragma unroll
        for (int i = 0; i < LOADS; ++i) {
            const float taken = row + i * WARPS < end ? v[i] : nothing;
            result = p.maximum ? greater(result, taken) : result + taken;
        }
    }
    return result;
}

/* Block (part, channels / 32, clip): 8 warps share the part's rows, a lane has a channel. */
__global__ void __launch_bounds__(THREADS) pool_kernel(Pool p, Span<const float> x, Span<float> result, float factor) {
    begin_kernel();
    const Shared<float> shares(0, THREADS);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int channel = static_cast<int>(blockIdx.y) * 32 + lane;
    const std::int64_t clip = blockIdx.z;
    const std::int64_t begin = p.positions * blockIdx.x / gridDim.x;
    const std::int64_t end = p.positions * (blockIdx.x + 1) / gridDim.x;
    if (channel < p.channels) {
        shares[warp * 32 + lane] = pool_rows(p, x, clip * p.positions * p.channels, begin + warp, end, channel);
    }
    __syncthreads();
    if (warp == 0 && channel < p.channels) {
        float total = shares[lane];
#pragma unroll
        for (int w = 1; w < WARPS; ++w) {
            const float v = shares[w * 32 + lane];
            total = p.maximum ? greater(total, v) : total + v;
        }
        result[(clip * gridDim.x + blockIdx.x) * p.channels + channel] = total * factor;
    }
}

class GlobalPool final : public earshot_cuda_op {
  public:
    explicit GlobalPool(const GlobalPoolLayer &layer) : channels_(layer.channels), maximum_(layer.maximum) {}

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override { return size_product({e.positions(), channels_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, channels_}); }
    Index scratch_floats(const Extents &e) const override {
        return parts(e) > 1 ? size_product({e.batch, parts(e), channels_}) : 0;
    }
    void enqueue(const Arguments &a) const override {
        const Index positions = size_product({a.extents.frames, a.extents.bands});
        const Index cut = parts(a.extents);
        const float factor = maximum_ ? 1.0F : 1.0F / static_cast<float>(positions);
        if (cut == 1) {
            earshot::check(enqueue_pool(a, positions, 1, a.input0, a.output, factor), "global pool");
            return;
        }
        earshot::check(enqueue_pool(a, positions, cut, a.input0, a.scratch, 1.0F), "global pool");
        earshot::check(enqueue_pool(a, cut, 1, a.scratch, a.output, factor), "global pool of parts");
    }

  private:
    /* Parts of at least 64 positions, about one for each multiprocessor. */
    static Index parts(const Extents &e) {
        constexpr Index MOST = 128;
        return std::clamp<Index>(size_product({e.frames, e.bands}) / 64, 1, MOST);
    }

    cudaError_t enqueue_pool(const Arguments &a, Index positions, Index parts, const Span<const float> &x,
                             const Span<float> &result, float factor) const {
        return launch("pool", pool_kernel,
                      dim3(static_cast<unsigned>(parts), static_cast<unsigned>(divide_up(channels_, 32)),
                           static_cast<unsigned>(a.extents.batch)),
                      dim3(THREADS), THREADS * sizeof(float), a.stream, Pool{positions, channels_, maximum_}, x, result,
                      factor);
    }

    std::int32_t channels_;
    bool maximum_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_global_pool(const CudaPacking &packing) {
    return std::make_unique<GlobalPool>(GlobalPoolLayer(packing));
}

} // namespace earshot
