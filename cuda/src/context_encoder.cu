/*
 * EARSHOT_LAYER_CONTEXT: a warp an output, float32; the projection by the kernel of linear.cu. A few thousand
 * multiply-adds; limit: the launches.
 */
#include "affine.h"
#include "cuda_operation.h"
#include "layers.h"
#include "linear.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

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
    explicit ContextEncoder(const ContextEncoderLayer &layer)
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

} // namespace

std::unique_ptr<earshot_cuda_op> make_context_encoder(const CudaPacking &packing) {
    return std::make_unique<ContextEncoder>(ContextEncoderLayer(packing));
}

} // namespace earshot
