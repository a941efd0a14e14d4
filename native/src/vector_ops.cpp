/*
 * Layers of one vector a clip: nothing against the rest of a network (at most 28,000 multiply-adds at paper size), so
 * plain C++ that is the same for every instruction set, in double precision.
 */
#include <algorithm>
#include <cmath>

#include "internal.h"

namespace earshot {

namespace {

void require_vectors(const Extents &e) {
    require(e.frames == 1 && e.bands == 1, "shape: expected frames and bands 1 for an input [B, I]");
}

Affine read_affine(WeightPacker &packer, WeightReader &reader, Index inputs, Index outputs) {
    const float *weight = packer.copied(reader.take(outputs * inputs), outputs * inputs);
    return {weight, packer.copied(reader.take(outputs), outputs), inputs, outputs};
}

class Linear final : public earshot_cpu_op {
  public:
    explicit Linear(const CpuPacking &packing)
        : earshot_cpu_op(packing.float32_kernels()), relu_(packing.numbers[2] == 1) {
        const Index inputs = packing.numbers[0];
        const Index outputs = packing.numbers[1];
        WeightReader reader(packing, size_product({outputs, inputs + 1}));
        affine_ = read_affine(packer_, reader, inputs, outputs);
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
    explicit ContextEncoder(const CpuPacking &packing)
        : earshot_cpu_op(packing.float32_kernels()), rows_(packing.numbers[0]), location_width_(packing.numbers[1]) {
        const Index time_inputs = packing.numbers[2];
        const Index time_width = packing.numbers[3];
        const Index outputs = packing.numbers[4];
        const Index embedding = size_product({rows_, location_width_});
        const Index mapping = size_product({time_width, time_inputs});
        const Index projection = size_product({outputs, location_width_ + time_width});
        WeightReader reader(packing, size_sum({embedding, mapping, time_width, projection, outputs}));
        embedding_ = packer_.copied(reader.take(embedding), embedding);
        mapping_ = read_affine(packer_, reader, time_inputs, time_width);
        projection_ = read_affine(packer_, reader, location_width_ + time_width, outputs);
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
    explicit Concatenation(const CpuPacking &packing)
        : earshot_cpu_op(packing.float32_kernels()), first_(packing.numbers[0]), second_(packing.numbers[1]) {
        const WeightReader none(packing, 0);
    }

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
    explicit GatedFusion(const CpuPacking &packing)
        : earshot_cpu_op(packing.float32_kernels()), width_(packing.numbers[0]) {
        WeightReader reader(packing, size_product({3, width_, width_ + 1}));
        carry_ = read_affine(packer_, reader, width_, width_);
        gate_ = read_affine(packer_, reader, width_, width_);
        transform_ = read_affine(packer_, reader, width_, width_);
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
    packing.require_numbers(3);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1, "inputs, outputs: expected at least 1 each");
    require(n[2] == 0 || n[2] == 1, "relu: expected 0 or 1");
    return std::make_unique<Linear>(packing);
}

std::unique_ptr<earshot_cpu_op> make_context_encoder(const CpuPacking &packing) {
    packing.require_numbers(5);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1 && n[2] >= 1 && n[3] >= 1 && n[4] >= 0,
            "rows, location width, time inputs, time width: expected at least 1 each; outputs: at least 0");
    return std::make_unique<ContextEncoder>(packing);
}

std::unique_ptr<earshot_cpu_op> make_concatenation(const CpuPacking &packing) {
    packing.require_numbers(2);
    require(packing.numbers[0] >= 1 && packing.numbers[1] >= 1, "widths: expected at least 1 each");
    return std::make_unique<Concatenation>(packing);
}

std::unique_ptr<earshot_cpu_op> make_gated_fusion(const CpuPacking &packing) {
    packing.require_numbers(1);
    require(packing.numbers[0] >= 1, "width: expected at least 1");
    return std::make_unique<GatedFusion>(packing);
}

} // namespace earshot
