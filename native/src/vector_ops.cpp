/*
 * Layers of one vector a clip: nothing against the rest of a network (at most 28,000 multiply-adds at paper size), so
 * plain C++ that is the same for every instruction set, in double precision.
 */
#include <algorithm>
#include <cmath>

#include "internal.h"
#include "layers.h"

namespace earshot {

namespace {

void require_vectors(const Extents &e) {
    require(e.frames == 1 && e.bands == 1, "shape: expected frames and bands 1 for an input [B, I]");
}

Affine copied(WeightPacker &packer, const Affine &map) {
    const float *weight = packer.copied(map.weight, map.outputs * map.inputs);
    return {weight, packer.copied(map.bias, map.outputs), map.inputs, map.outputs};
}

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

class ContextEncoder final : public earshot_cpu_op {
  public:
    ContextEncoder(const ContextLayer &layer, const Kernels &chosen)
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

class Concatenation final : public earshot_cpu_op {
  public:
    Concatenation(const ConcatenationLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), first_(layer.first), second_(layer.second) {}

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, first_}); }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, second_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, first_ + second_}); }
    void run(const Arguments &a, Team &) const override {
        for (Index b = 0; b < a.extents.batch; ++b) {
            float *to = a.output + b * (first_ + second_);
            std::copy_n(a.input0 + b * first_, first_, to);
            std::copy_n(a.input1 + b * second_, second_, to + first_);
        }
    }

  private:
    Index first_;
    Index second_;
};

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

std::unique_ptr<earshot_cpu_op> make_linear(const CpuPacking &packing) {
    return std::make_unique<Linear>(LinearLayer(packing), packing.float32_kernels());
}

std::unique_ptr<earshot_cpu_op> make_context_encoder(const CpuPacking &packing) {
    return std::make_unique<ContextEncoder>(ContextLayer(packing), packing.float32_kernels());
}

std::unique_ptr<earshot_cpu_op> make_concatenation(const CpuPacking &packing) {
    return std::make_unique<Concatenation>(ConcatenationLayer(packing), packing.float32_kernels());
}

std::unique_ptr<earshot_cpu_op> make_gated_fusion(const CpuPacking &packing) {
    return std::make_unique<GatedFusion>(GatedFusionLayer(packing), packing.float32_kernels());
}

} // namespace earshot
