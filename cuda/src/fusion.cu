/*
 * EARSHOT_LAYER_CONCATENATION and EARSHOT_LAYER_GATED_FUSION: what joins sound and context, some hundred numbers.
 *
 * Concatenation: a thread a number. Gated fusion: a warp a number, which takes its row of the three matrices at once;
 * x comes from L1. Bytes (96 wide): 0.11 MB of weights from L2, the same for all clips. Flops: 0.06 M a clip. Limit:
 * the launch, 2 us.
 */
#include "affine.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

struct Concatenated {
    std::int64_t batch;
    std::int32_t first_width;
    std::int32_t second_width;
    Span<const float> first;
    Span<const float> second;
    Span<float> out;
};

__global__ void __launch_bounds__(THREADS) concatenation_kernel(Concatenated c) {
    begin_kernel();
    const std::int64_t width = static_cast<std::int64_t>(c.first_width) + c.second_width;
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x;
    if (i < c.batch * width) {
        const std::int64_t clip = i / width;
        const std::int64_t at = i % width;
        c.out[i] = at < c.first_width ? c.first[clip * c.first_width + at]
                                      : c.second[clip * c.second_width + at - c.first_width];
    }
}

class Concatenation final : public earshot_cuda_op {
  public:
    explicit Concatenation(const ConcatenationLayer &layer) : first_(layer.first), second_(layer.second) {}

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, first_}); }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, second_}); }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, size_sum({first_, second_})});
    }
    void enqueue(const Arguments &a) const override {
        const auto blocks = static_cast<unsigned>(divide_up(output_floats(a.extents), THREADS));
        earshot::check(launch("concatenation", concatenation_kernel, dim3(blocks), dim3(THREADS), 0, a.stream,
                              Concatenated{a.extents.batch, first_, second_, a.input0, a.input1, a.output}),
                       "concatenation");
    }

  private:
    std::int32_t first_;
    std::int32_t second_;
};

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

std::unique_ptr<earshot_cuda_op> make_concatenation(const Packing &packing) {
    return std::make_unique<Concatenation>(ConcatenationLayer(packing));
}

std::unique_ptr<earshot_cuda_op> make_gated_fusion(const Packing &packing) {
    return std::make_unique<GatedFusion>(GatedFusionLayer(packing));
}

} // namespace earshot
