/* EARSHOT_LAYER_BAND_NORM: one pass over the features, so plain C++ that is the same for every instruction set. */
#include "cpu_operation.h"
#include "layers.h"
#include "weight_packer.h"

namespace earshot {

namespace {

class BandNorm final : public earshot_cpu_op {
  public:
    BandNorm(const BandNormLayer &layer, const Kernels &chosen) : earshot_cpu_op(chosen), bands_(layer.bands) {
        scale_ = packer_.copied(layer.scale, bands_);
        shift_ = packer_.copied(layer.shift, bands_);
    }

    void check(const Extents &e) const override {
        if (e.bands != bands_) {
            fail("shape: " + std::to_string(e.bands) + " bands; expected " + std::to_string(bands_));
        }
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }
    void run(const Arguments &a, Team &) const override {
        for (Index row = 0; row < a.extents.batch * a.extents.frames; ++row) {
            const float *x = a.input0 + row * bands_;
            float *y = a.output + row * bands_;
            for (Index f = 0; f < bands_; ++f) {
                y[f] = x[f] * scale_[f] + shift_[f];
            }
        }
    }

  private:
    Index bands_;
    WeightPacker packer_{kernels};
    const float *scale_ = nullptr;
    const float *shift_ = nullptr;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_band_norm(const CpuPacking &packing) {
    return std::make_unique<BandNorm>(BandNormLayer(packing), packing.float32_kernels());
}

} // namespace earshot
