/*
 * EARSHOT_LAYER_LINEAR: one vector a clip, nothing against the rest of a network, so plain C++ that is the same for every
 * instruction set, in double precision (affine.h).
 */
#include "affine.h"
#include "cpu_operation.h"
#include "layers.h"

namespace earshot {

namespace {

class Linear final : public earshot_cpu_op {
  public:
    Linear(const LinearLayer &layer, const Kernels &chosen) : earshot_cpu_op(chosen), relu_(layer.relu) {
        affine_ = copied(packer_, {layer.weight, layer.bias, layer.inputs, layer.outputs});
    }

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, affine_.inputs}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, affine_.outputs}); }
    void run(const Arguments &a, Team &) const override {
        for (Index b = 0; b < a.extents.batch; ++b) {
            for (Index o = 0; o < affine_.outputs; ++o) {
                const double y = affine_(a.input0 + b * affine_.inputs, o);
                a.output[b * affine_.outputs + o] = static_cast<float>(relu_ && y < 0 ? 0 : y);
            }
        }
    }

  private:
    WeightPacker packer_{kernels};
    Affine affine_ = {};
    bool relu_;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_linear(const CpuPacking &packing) {
    return std::make_unique<Linear>(LinearLayer(packing), packing.float32_kernels());
}

} // namespace earshot
