/*
 * EARSHOT_LAYER_LINEAR: a warp an output, float32. A few thousand multiply-adds; limit: the launch.
 */
#include "linear.h"

#include "cuda_operation.h"
#include "layers.h"

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

} // namespace

cudaError_t enqueue_linear(const Affine &a, Index batch, const Span<const float> &input, const Span<float> &output,
                           cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(divide_up(a.outputs, WARPS)), static_cast<unsigned>(batch));
    return launch("linear", linear_kernel, grid, dim3(THREADS), 0, stream, a, input, output);
}

std::unique_ptr<earshot_cuda_op> make_linear(const CudaPacking &packing) {
    return std::make_unique<Linear>(LinearLayer(packing));
}

} // namespace earshot
