/*
 * Linear layer, context encoder and global pool: a few thousand multiply-adds, and one pass over 4 MB at paper size.
 *
 * Linear and context: a warp an output, float32. Pool: the positions of a clip are cut into as many parts as there are
 * blocks to fill the device, each sums (or compares) its part, a second launch joins the parts in their order. Bytes:
 * 4 MB read, 2 us on an H200.
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
__device__ __forceinline__ float greater(float a, float b) { return a >= b || a != a ? a : b; }

/* What one thread takes of `count` rows of `channels` values: one channel of every step-th row from `row` on. */
__device__ __forceinline__ float pool_rows(const Pool &p, const Span<const float> &x, std::int64_t first,
                                           std::int64_t row, std::int64_t end, std::int64_t step, int channel) {
    float result = p.maximum ? -INFINITY : 0.0F;
    for (; row < end; row += step) {
        const float v = x[first + row * p.channels + channel];
        result = p.maximum ? greater(result, v) : result + v;
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
        shares[warp * 32 + lane] =
            pool_rows(p, x, clip * p.positions * p.channels, begin + warp, end, WARPS, channel);
    }
    __syncthreads();
    if (warp == 0 && channel < p.channels) {
        float total = shares[lane];
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
    Index scratch_floats(const Extents &e) const override { return size_product({e.batch, parts(e), channels_}); }
    void enqueue(const Arguments &a) const override {
        const Index positions = size_product({a.extents.frames, a.extents.bands});
        const auto columns = static_cast<unsigned>(divide_up(channels_, 32));
        const auto batch = static_cast<unsigned>(a.extents.batch);
        const Index cut = parts(a.extents);
        const float factor = maximum_ ? 1.0F : 1.0F / static_cast<float>(positions);
        const std::size_t bytes = THREADS * sizeof(float);
        earshot::check(launch("pool", pool_kernel, dim3(static_cast<unsigned>(cut), columns, batch), dim3(THREADS),
                              bytes, a.stream, Pool{positions, channels_, maximum_}, a.input0, a.scratch, 1.0F),
                       "global pool");
        earshot::check(launch("pool of parts", pool_kernel, dim3(1, columns, batch), dim3(THREADS), bytes, a.stream,
                              Pool{cut, channels_, maximum_}, Span<const float>(a.scratch), a.output, factor),
                       "global pool of parts");
    }

  private:
    /* Parts of at least 64 positions, at most two for each multiprocessor. */
    Index parts(const Extents &e) const {
        const Index most = 2 * Index{device().multiprocessors};
        return std::clamp<Index>(size_product({e.frames, e.bands}) / 64, 1, most);
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
