/*
 * EARSHOT_LAYER_GATED_FUSION: a warp a number, which takes its row of the three matrices at once; x comes from L1.
 * Bytes (96 wide): 0.11 MB of weights from L2, the same for all clips. Flops: 0.06 M a clip. Limit: the launch, 2 us.
 */
#include "affine.h"
#include "cuda_operation.h"
#include "layers.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

__global__ void __launch_bounds__(THREADS)
    gated_fusion_kernel(Affine carry, Affine gate, Affine transform, Span<const float> input, Span<float> output) {
    begin_kernel();
    const std::int64_t clip = blockIdx.y;
    const int row = static_cast<int>(blockIdx.x) * WARPS + static_cast<int>(threadIdx.x) / 32;
    if (row >= carry.outputs) {
        return;
    }
    /* All three sums at once: they wait for the same round trip. */
    const auto x = [&](int i) { return input[clip * carry.inputs + i]; };
    const Affine maps[] = {carry, gate, transform};
    float sums[3] = {};
    for (int i = static_cast<int>(threadIdx.x) % 32; i < carry.inputs; i += 32) {
#pragma unroll
        for (int m = 0; m < 3; ++m) {
            sums[m] = fmaf(maps[m].weight[static_cast<std::int64_t>(row) * carry.inputs + i], x(i), sums[m]);
        }
    }
    float biases[3];
#pragma unroll
    for (int m = 0; m < 3; ++m) {
        biases[m] = maps[m].bias[row];
    }
    const float own = x(row);
#pragma unroll
    for (int m = 0; m < 3; ++m) {
        sums[m] = warp_sum(sums[m]) + biases[m];
    }
    if (threadIdx.x % 32 == 0) {
        output[clip * carry.outputs + row] = own * (1.0F - sigmoid(sums[0])) + sums[2] * sigmoid(sums[1]);
    }
}

class GatedFusion final : public earshot_cuda_op {
  public:
    explicit GatedFusion(const GatedFusionLayer &layer)
        : carry_(layer.carry, layer.carry_bias, layer.width, layer.width, false),
          gate_(layer.gate, layer.gate_bias, layer.width, layer.width, false),
          transform_(layer.transform, layer.transform_bias, layer.width, layer.width, false) {}

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, carry_.inputs()}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }
    void enqueue(const Arguments &a) const override {
        const dim3 grid(static_cast<unsigned>(divide_up(carry_.outputs(), WARPS)),
                        static_cast<unsigned>(a.extents.batch));
        earshot::check(launch("gated fusion", gated_fusion_kernel, grid, dim3(THREADS), 0, a.stream, carry_.view(),
                              gate_.view(), transform_.view(), a.input0, a.output),
                       "gated fusion");
    }

  private:
    PreparedAffine carry_;
    PreparedAffine gate_;
    PreparedAffine transform_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_gated_fusion(const CudaPacking &packing) {
    return std::make_unique<GatedFusion>(GatedFusionLayer(packing));
}

} // namespace earshot
