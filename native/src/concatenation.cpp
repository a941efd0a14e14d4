/* EARSHOT_LAYER_CONCATENATION: two copies. */
#include <algorithm>

#include "cpu_operation.h"
#include "layers.h"

namespace earshot {

namespace {

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

} // namespace

std::unique_ptr<earshot_cpu_op> make_concatenation(const CpuPacking &packing) {
    return std::make_unique<Concatenation>(ConcatenationLayer(packing), packing.float32_kernels());
}

} // namespace earshot
