/*
 * Linear layer, context encoder and global mean: nothing against the rest of a network (at paper size 3,000
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
    Linear(const Kernels &chosen, const float *weights, std::int64_t count, Index inputs, Index outputs, bool relu)
        : earshot_cpu_op(chosen), relu_(relu) {
        WeightReader reader(weights, count, size_product({outputs, inputs + 1}));
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
    ContextEncoder(const Kernels &chosen, const float *weights, std::int64_t count, Index cities, Index location_width,
                   Index time_inputs, Index time_width, Index outputs)
        : earshot_cpu_op(chosen), cities_(cities), location_width_(location_width) {
        const Index embedding = size_product({cities, location_width});
        const Index mapping = size_product({time_width, time_inputs});
        const Index projection = size_product({outputs, location_width + time_width});
        WeightReader reader(weights, count, size_sum({embedding, mapping, time_width, projection, outputs}));
        embedding_ = copied(arena_, reader.take(embedding), embedding);
        mapping_.weight = copied(arena_, reader.take(mapping), mapping);
        mapping_.bias = copied(arena_, reader.take(time_width), time_width);
        mapping_.inputs = time_inputs;
        mapping_.outputs = time_width;
        projection_.weight = copied(arena_, reader.take(projection), projection);
        projection_.bias = copied(arena_, reader.take(outputs), outputs);
        projection_.inputs = location_width + time_width;
        projection_.outputs = outputs;
    }

    void check(const Extents &e) const override { require_vectors(e); }
    Index input0_floats(const Extents &e) const override { return e.batch; }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, mapping_.inputs}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, projection_.outputs}); }
    Index scratch_floats(const Extents &, int) const override { return projection_.inputs; }
    void run(const Arguments &a, Team &) const override {
        for (Index b = 0; b < a.extents.batch; ++b) {
            const float row = a.input0[b];
            if (!(row >= 0.0F && row < static_cast<float>(cities_)) || row != std::floor(row)) {
                fail("location: " + std::to_string(row) + "; expected an index below " + std::to_string(cities_));
            }
        }
        for (Index b = 0; b < a.extents.batch; ++b) {
            const Index row = static_cast<Index>(a.input0[b]);
            std::copy_n(embedding_ + row * location_width_, location_width_, a.scratch);
            for (Index i = 0; i < mapping_.outputs; ++i) {
                const float y = mapping_(a.input1 + b * mapping_.inputs, i);
                a.scratch[location_width_ + i] = y < 0.0F ? 0.0F : y;
            }
            for (Index o = 0; o < projection_.outputs; ++o) {
                a.output[b * projection_.outputs + o] = projection_(a.scratch, o);
            }
        }
    }

  private:
    Index cities_;
    Index location_width_;
    Arena arena_;
    const float *embedding_ = nullptr;
    Affine mapping_ = {};
    Affine projection_ = {};
};

/* Each row [F, C] is summed on its own, the rows' sums in their order: one result for any number of threads. */
class GlobalMean final : public earshot_cpu_op {
  public:
    GlobalMean(const Kernels &chosen, Index channels) : earshot_cpu_op(chosen), channels_(channels) {}

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, channels_});
    }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, channels_}); }
    Index scratch_floats(const Extents &e, int) const override { return size_product({e.batch, e.frames, channels_}); }
    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        team.each(e.batch * e.frames, [&](Index row, int) {
            float *total = a.scratch + row * channels_;
            std::fill_n(total, channels_, 0.0F);
            const float *x = a.input0 + row * e.bands * channels_;
            for (Index f = 0; f < e.bands; ++f) {
                for (Index c = 0; c < channels_; ++c) {
                    total[c] += x[f * channels_ + c];
                }
            }
        });
        const double positions = static_cast<double>(e.frames) * static_cast<double>(e.bands);
        for (Index b = 0; b < e.batch; ++b) {
            for (Index c = 0; c < channels_; ++c) {
                double total = 0;
                for (Index t = 0; t < e.frames; ++t) {
                    total += static_cast<double>(a.scratch[(b * e.frames + t) * channels_ + c]);
                }
                a.output[b * channels_ + c] = static_cast<float>(total / positions);
            }
        }
    }

  private:
    Index channels_;
};

} // namespace

} // namespace earshot

extern "C" {

earshot_cpu_status earshot_cpu_linear_create(const float *weights, int64_t weight_count, int32_t inputs,
                                             int32_t outputs, int32_t relu, int32_t isa, earshot_cpu_op **op) {
    return earshot::guarded([&] {
        using earshot::require;
        require(op != nullptr, "operation: null");
        *op = nullptr;
        require(inputs >= 1 && outputs >= 1, "inputs, outputs: expected at least 1 each");
        require(relu == 0 || relu == 1, "relu: expected 0 or 1");
        *op = new earshot::Linear(earshot::kernels_for(isa, EARSHOT_CPU_PRECISION_FLOAT32), weights, weight_count,
                                  inputs, outputs, relu == 1);
    });
}

earshot_cpu_status earshot_cpu_global_mean_create(int32_t channels, int32_t isa, earshot_cpu_op **op) {
    return earshot::guarded([&] {
        using earshot::require;
        require(op != nullptr, "operation: null");
        *op = nullptr;
        require(channels >= 1, "channels: expected at least 1");
        *op = new earshot::GlobalMean(earshot::kernels_for(isa, EARSHOT_CPU_PRECISION_FLOAT32), channels);
    });
}

earshot_cpu_status earshot_cpu_context_create(const float *weights, int64_t weight_count, int32_t cities,
                                              int32_t location_width, int32_t time_inputs, int32_t time_width,
                                              int32_t outputs, int32_t isa, earshot_cpu_op **op) {
    return earshot::guarded([&] {
        using earshot::require;
        require(op != nullptr, "operation: null");
        *op = nullptr;
        require(cities >= 1 && location_width >= 1 && time_inputs >= 1 && time_width >= 1 && outputs >= 1,
                "cities, location width, time inputs, time width, outputs: expected at least 1 each");
        *op = new earshot::ContextEncoder(earshot::kernels_for(isa, EARSHOT_CPU_PRECISION_FLOAT32), weights,
                                          weight_count, cities, location_width, time_inputs, time_width, outputs);
    });
}
}
