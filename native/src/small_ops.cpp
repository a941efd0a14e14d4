/*
 * Linear layer, context encoder and global pool: nothing against the rest of a network (at paper size 3,000
 * multiply-adds, and one pass over 4 MB), so plain C++ that is the same for every instruction set, in double precision
 * where sums are long.
 */
#include <algorithm>
#include <cmath>

#include "internal.h"

namespace earshot {

namespace {

/* y = W x + b, W [outputs, inputs]. */
struct Affine {
    const float *weight, *bias;
    Index inputs, outputs;

    float operator()(const float *x, Index o) const {
        double total = static_cast<double>(bias[o]);
        for (Index i = 0; i < inputs; ++i) {
            total += static_cast<double>(weight[o * inputs + i]) * static_cast<double>(x[i]);
        }
        return static_cast<float>(total);
    }
};

const float *copied(Arena &arena, const float *from, Index count) {
    float *to = arena.zeros(count);
    std::copy_n(from, count, to);
    return to;
}

void require_vectors(const Extents &e) {
    require(e.frames == 1 && e.bands == 1, "shape: expected frames and bands 1 for an input [B, I]");
}

class Linear final : public earshot_cpu_op {
  public:
    explicit Linear(const Packing &packing)
        : earshot_cpu_op(packing.float32_kernels()), relu_(packing.numbers[2] == 1) {
        const Index inputs = packing.numbers[0];
        const Index outputs = packing.numbers[1];
        WeightReader reader(packing, size_product({outputs, inputs + 1}));
        affine_.weight = copied(arena_, reader.take(outputs * inputs), outputs * inputs);
        affine_.bias = copied(arena_, reader.take(outputs), outputs);
        affine_.inputs = inputs;
        affine_.outputs = outputs;
    }

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, affine_.inputs}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, affine_.outputs}); }
    void run(const Arguments &a, Team &) const override {
        for (Index b = 0; b < a.extents.batch; ++b) {
            for (Index o = 0; o < affine_.outputs; ++o) {
                const float y = affine_(a.input0 + b * affine_.inputs, o);
                a.output[b * affine_.outputs + o] = relu_ && y < 0.0F ? 0.0F : y;
            }
        }
    }

  private:
    Arena arena_;
    Affine affine_ = {};
    bool relu_;
};

class ContextEncoder final : public earshot_cpu_op {
  public:
    explicit ContextEncoder(const Packing &packing)
        : earshot_cpu_op(packing.float32_kernels()), rows_(packing.numbers[0]), location_width_(packing.numbers[1]) {
        const Index time_inputs = packing.numbers[2];
        const Index time_width = packing.numbers[3];
        const Index outputs = packing.numbers[4];
        const Index embedding = size_product({rows_, location_width_});
        const Index mapping = size_product({time_width, time_inputs});
        const Index projection = size_product({outputs, location_width_ + time_width});
        WeightReader reader(packing, size_sum({embedding, mapping, time_width, projection, outputs}));
        embedding_ = copied(arena_, reader.take(embedding), embedding);
        mapping_.weight = copied(arena_, reader.take(mapping), mapping);
        mapping_.bias = copied(arena_, reader.take(time_width), time_width);
        mapping_.inputs = time_inputs;
        mapping_.outputs = time_width;
        projection_.weight = copied(arena_, reader.take(projection), projection);
        projection_.bias = copied(arena_, reader.take(outputs), outputs);
        projection_.inputs = location_width_ + time_width;
        projection_.outputs = outputs;
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
                const float y = mapping_(a.input1 + b * mapping_.inputs, i);
                both[location_width_ + i] = y < 0.0F ? 0.0F : y;
            }
            for (Index o = 0; o < projection_.outputs; ++o) {
                a.output[b * projection_.outputs + o] = projection_(both, o);
            }
        }
    }

  private:
    bool projected() const { return projection_.outputs > 0; }

    Index rows_;
    Index location_width_;
    Arena arena_;
    const float *embedding_ = nullptr;
    Affine mapping_ = {};
    Affine projection_ = {};
};

/*
 * A row [F, C] is one task, the rows' results are taken in their order: one result for any number of threads. A NaN
 * passes through both kinds.
 */
class GlobalPool final : public earshot_cpu_op {
  public:
    explicit GlobalPool(const Packing &packing)
        : earshot_cpu_op(packing.float32_kernels()), channels_(packing.numbers[0]),
          maximum_(packing.numbers[1] == EARSHOT_POOL_MAX) {
        const WeightReader none(packing, 0);
    }

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, channels_});
    }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, channels_}); }
    Index scratch_floats(const Extents &e, int) const override { return size_product({e.batch, e.frames, channels_}); }
    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        team.each(e.batch * e.frames, [&](Index row, int) {
            float *result = a.scratch + row * channels_;
            const float *x = a.input0 + row * e.bands * channels_;
            std::copy_n(x, channels_, result);
            for (Index f = 1; f < e.bands; ++f) {
                for (Index c = 0; c < channels_; ++c) {
                    const float v = x[f * channels_ + c];
                    result[c] = maximum_ ? greater(result[c], v) : result[c] + v;
                }
            }
        });
        const double positions = static_cast<double>(e.frames) * static_cast<double>(e.bands);
        for (Index b = 0; b < e.batch; ++b) {
            const float *rows = a.scratch + b * e.frames * channels_;
            for (Index c = 0; c < channels_; ++c) {
                double total = 0;
                float most = rows[c];
                for (Index t = 0; t < e.frames; ++t) {
                    total += static_cast<double>(rows[t * channels_ + c]);
                    most = greater(most, rows[t * channels_ + c]);
                }
                a.output[b * channels_ + c] = maximum_ ? most : static_cast<float>(total / positions);
            }
        }
    }

  private:
    static float greater(float a, float b) { return a >= b || a != a ? a : b; }

    Index channels_;
    bool maximum_;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_linear(const Packing &packing) {
    packing.require_numbers(3);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1, "inputs, outputs: expected at least 1 each");
    require(n[2] == 0 || n[2] == 1, "relu: expected 0 or 1");
    return std::make_unique<Linear>(packing);
}

std::unique_ptr<earshot_cpu_op> make_context_encoder(const Packing &packing) {
    packing.require_numbers(5);
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1 && n[2] >= 1 && n[3] >= 1 && n[4] >= 0,
            "rows, location width, time inputs, time width: expected at least 1 each; outputs: at least 0");
    return std::make_unique<ContextEncoder>(packing);
}

std::unique_ptr<earshot_cpu_op> make_global_pool(const Packing &packing) {
    packing.require_numbers(2);
    require(packing.numbers[0] >= 1, "channels: expected at least 1");
    require(packing.numbers[1] == EARSHOT_POOL_MEAN || packing.numbers[1] == EARSHOT_POOL_MAX,
            "pool: expected 0 (mean) or 1 (max)");
    return std::make_unique<GlobalPool>(packing);
}

} // namespace earshot
