/*
 * Linear layer, context encoder and global pool: a few thousand multiply-adds, and one pass over 4 MB at paper size.
 *
 * Linear and context: a warp an output, float32. Pool: the positions of a clip are cut into parts that fill the device,
 * each block sums (or compares) its part, a second launch joins the parts in their order; a clip of few positions is
 * one part, and needs no second launch. A thread has one channel of every 8th position, eight loads under way at once.
 * Bytes (500 x 32 x 64, one clip): 4 MB read by 2 x 128 blocks, 2 us on an H200 and 1.5 us for the second launch.
 */
#include <algorithm>

#include "affine.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

__global__ void __launch_bounds__(THREADS) linear_kernel(Affine a, Span<const float> input, Span<float> output) {
    begin_kernel();
    const std::int64_t clip = blockIdx.y;
    const int row = static_cast<int>(blockIdx.x) * WARPS + static_cast<int>(threadIdx.x) / 32;
    if (row < a.outputs) {
        const float y = affine(a, row, [&](int i) { return input[clip * a.inputs + i]; });
        if (threadIdx.x % 32 == 0) {
            output[clip * a.outputs + row] = y;
        }
    }
}

cudaError_t enqueue_linear(const Affine &a, Index batch, const Span<const float> &input, const Span<float> &output,
                           cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(a.outputs, WARPS)), static_cast<unsigned>(batch));
    return launch("linear", linear_kernel, grid, dim3(THREADS), 0, stream, a, input, output);
}

class Linear final : public earshot_cuda_op {
  public:
    explicit Linear(const LinearLayer &layer)
        : affine_(layer.weight, layer.bias, layer.inputs, layer.outputs, layer.relu) {}

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, affine_.inputs()}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, affine_.outputs()}); }
    void enqueue(const Arguments &a) const override {
        earshot::check(enqueue_linear(affine_.view(), a.extents.batch, a.input0, a.output, a.stream), "linear layer");
    }

  private:
    PreparedAffine affine_;
};

struct Embedding {
    std::int32_t rows;
    std::int32_t width;
    Span<const float> table;
};

/* [embedding(location); relu(M time + m)]: a warp a number. A location that is no row makes the clip's row NaN. */
__global__ void __launch_bounds__(THREADS)
    context_kernel(Embedding e, Affine mapping, Span<const float> location, Span<const float> time, Span<float> both) {
    begin_kernel();
    const std::int64_t clip = blockIdx.y;
    const int i = static_cast<int>(blockIdx.x) * WARPS + static_cast<int>(threadIdx.x) / 32;
    const int width = e.width + mapping.outputs;
    if (i >= width) {
        return;
    }
    float y;
    if (i < e.width) {
        const float row = location[clip];
        const bool known = row >= 0.0F && row < static_cast<float>(e.rows) && row == floorf(row);
        y = known ? e.table[static_cast<std::int64_t>(row) * e.width + i] : nanf("");
    } else {
        y = affine(mapping, i - e.width, [&](int k) { return time[clip * mapping.inputs + k]; });
    }
    if (threadIdx.x % 32 == 0) {
        both[clip * width + i] = y;
    }
}

class ContextEncoder final : public earshot_cuda_op {
  public:
    explicit ContextEncoder(const ContextLayer &layer)
        : rows_(layer.rows), width_(layer.location_width),
          table_(to_device(layer.embedding, Index{layer.rows} * layer.location_width)),
          mapping_(layer.mapping, layer.mapping_bias, layer.time_inputs, layer.time_width, true),
          projection_(layer.projection, layer.projection_bias, layer.location_width + layer.time_width, layer.outputs,
                      false) {}

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return e.batch; }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, mapping_.inputs()}); }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, projected() ? projection_.outputs() : projection_.inputs()});
    }
    Index scratch_floats(const Extents &e) const override {
        return projected() ? size_product({e.batch, projection_.inputs()}) : 0;
    }
    void enqueue(const Arguments &a) const override {
        const Span<float> both = projected() ? a.scratch : a.output;
        const dim3 grid(static_cast<unsigned>(divide_up(projection_.inputs(), WARPS)),
                        static_cast<unsigned>(a.extents.batch));
        earshot::check(launch("context", context_kernel, grid, dim3(THREADS), 0, a.stream,
                              Embedding{rows_, width_, table_.span()}, mapping_.view(), a.input0, a.input1, both),
                       "context encoder");
        if (projected()) {
            earshot::check(enqueue_linear(projection_.view(), a.extents.batch, both, a.output, a.stream),
                           "projection of the context");
        }
    }

  private:
    bool projected() const { return projection_.outputs() > 0; }

    std::int32_t rows_;
    std::int32_t width_;
    DeviceArray<float> table_;
    PreparedAffine mapping_;
    PreparedAffine projection_;
};

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

std::unique_ptr<earshot_cuda_op> make_linear(const Packing &packing) {
    return std::make_unique<Linear>(LinearLayer(packing));
}

std::unique_ptr<earshot_cuda_op> make_global_pool(const Packing &packing) {
    return std::make_unique<GlobalPool>(GlobalPoolLayer(packing));
}

std::unique_ptr<earshot_cuda_op> make_context_encoder(const Packing &packing) {
    return std::make_unique<ContextEncoder>(ContextLayer(packing));
}

} // namespace earshot
