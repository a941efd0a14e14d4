/*
 * EARSHOT_LAYER_CONTEXT: one vector a clip (at paper size some 1,000 multiply-adds), so plain C++ that is the same for
 * every instruction set, in double precision (affine.h).
 */
#include <algorithm>
#include <cmath>

#include "affine.h"
#include "cpu_operation.h"
#include "layers.h"

namespace earshot {

namespace {

class ContextEncoder final : public earshot_cpu_op {
  public:
    ContextEncoder(const ContextEncoderLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), rows_(layer.rows), location_width_(layer.location_width) {
        embedding_ = packer_.copied(layer.embedding, rows_ * location_width_);
        mapping_ = copied(packer_, {layer.mapping, layer.mapping_bias, layer.time_inputs, layer.time_width});
        projection_ = copied(
            packer_, {layer.projection, layer.projection_bias, location_width_ + layer.time_width, layer.outputs});
    }

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return e.batch; }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, mapping_.inputs}); }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, projected() ? projection_.outputs : projection_.inputs});
    }
    Index scratch_floats(const Extents &, int) const override { return projected() ? projection_.inputs : 0; }
    void run(const Arguments &a, Team &) const override {
        for (Index b = 0; b < a.extents.batch; ++b) {
            const float row = a.input0[b];
            if (!(row >= 0.0F && row < static_cast<float>(rows_)) || row != std::floor(row)) {
                fail("location: " + std::to_string(row) + "; expected an index below " + std::to_string(rows_));
            }
        }
        for (Index b = 0; b < a.extents.batch; ++b) {
            float *both = projected() ? a.scratch : a.output + b * projection_.inputs;
            const Index row = static_cast<Index>(a.input0[b]);
            std::copy_n(embedding_ + row * location_width_, location_width_, both);
            for (Index i = 0; i < mapping_.outputs; ++i) {
                const double y = mapping_(a.input1 + b * mapping_.inputs, i);
                both[location_width_ + i] = static_cast<float>(y < 0 ? 0 : y);
            }
            for (Index o = 0; o < projection_.outputs; ++o) {
                a.output[b * projection_.outputs + o] = static_cast<float>(projection_(both, o));
            }
        }
    }

  private:
    bool projected() const { return projection_.outputs > 0; }

    Index rows_;
    Index location_width_;
    WeightPacker packer_{kernels};
    const float *embedding_ = nullptr;
    Affine mapping_ = {};
    Affine projection_ = {};
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_context_encoder(const CpuPacking &packing) {
    return std::make_unique<ContextEncoder>(ContextEncoderLayer(packing), packing.float32_kernels());
}

} // namespace earshot
