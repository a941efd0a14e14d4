/*
 * EARSHOT_LAYER_GATED_FUSION: one vector a clip (at paper size 28,000 multiply-adds), so plain C++ that is the same for
 * every instruction set, in double precision (affine.h).
 */
#include "affine.h"
#include "cpu_operation.h"
#include "layers.h"

namespace earshot {

namespace {

class GatedFusion final : public earshot_cpu_op {
  public:
    GatedFusion(const GatedFusionLayer &layer, const Kernels &chosen) : earshot_cpu_op(chosen), width_(layer.width) {
        carry_ = copied(packer_, {layer.carry, layer.carry_bias, width_, width_});
        gate_ = copied(packer_, {layer.gate, layer.gate_bias, width_, width_});
        transform_ = copied(packer_, {layer.transform, layer.transform_bias, width_, width_});
    }

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, width_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, width_}); }
    void run(const Arguments &a, Team &) const override {
        for (Index b = 0; b < a.extents.batch; ++b) {
            const float *x = a.input0 + b * width_;
            for (Index i = 0; i < width_; ++i) {
                const double kept = static_cast<double>(x[i]) * (1 - sigmoid(carry_(x, i)));
                a.output[b * width_ + i] = static_cast<float>(kept + transform_(x, i) * sigmoid(gate_(x, i)));
            }
        }
    }

  private:
    Index width_;
    WeightPacker packer_{kernels};
    Affine carry_ = {};
    Affine gate_ = {};
    Affine transform_ = {};
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_gated_fusion(const CpuPacking &packing) {
    return std::make_unique<GatedFusion>(GatedFusionLayer(packing), packing.float32_kernels());
}

} // namespace earshot
