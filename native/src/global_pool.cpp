/*
 * EARSHOT_LAYER_GLOBAL_POOL: one pass over what the convolutions leave, so plain C++ that is the same for every
 * instruction set. Sums over a row are taken in float32, those of rows in double precision.
 */
#include <algorithm>

#include "cpu_operation.h"
#include "layers.h"
#include "row_sums.h"

namespace earshot {

namespace {

float greater(float a, float b) {
    return a >= b || a != a ? a : b;
}

/* to[c] = the greatest of x[:, c]; a NaN wins. */
void maximum_row(const float *x, Index bands, Index channels, float *to) {
    std::copy_n(x, channels, to);
    for (Index f = 1; f < bands; ++f) {
        for (Index c = 0; c < channels; ++c) {
            to[c] = greater(to[c], x[f * channels + c]);
        }
    }
}

/* A row [F, C] is one task, the rows' results are taken in their order: one result for any number of threads. */
class GlobalPool final : public earshot_cpu_op {
  public:
    GlobalPool(const GlobalPoolLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), channels_(layer.channels), maximum_(layer.maximum) {}

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, channels_});
    }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, channels_}); }
    Index scratch_floats(const Extents &e, int) const override { return size_product({e.batch, e.frames, channels_}); }
    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        team.each(e.batch * e.frames, [&](Index row, int) {
            (maximum_ ? maximum_row : sum_row)(a.input0 + row * e.bands * channels_, e.bands, channels_,
                                               a.scratch + row * channels_);
        });
        for (Index b = 0; b < e.batch; ++b) {
            const float *rows = a.scratch + b * e.frames * channels_;
            float *to = a.output + b * channels_;
            if (maximum_) {
                maximum_row(rows, e.frames, channels_, to);
            } else {
                mean_of_rows(rows, 0, e.frames, e.bands, channels_, to);
            }
        }
    }

  private:
    Index channels_;
    bool maximum_;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_global_pool(const CpuPacking &packing) {
    return std::make_unique<GlobalPool>(GlobalPoolLayer(packing), packing.float32_kernels());
}

} // namespace earshot
