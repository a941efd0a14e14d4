/*
 * EARSHOT_LAYER_BAND_NORM: one multiply-add a value, a thread a value. Bytes (500 x 64, one clip): 0.13 MB read,
 * 0.13 MB written. Limit: the launch, 2 us.
 */
#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;

struct Banded {
    std::int64_t values;
    std::int32_t bands;
    Span<const float> scale;
    Span<const float> shift;
    Span<const float> x;
    Span<float> out;
};

__global__ void __launch_bounds__(THREADS) band_norm_kernel(Banded n) {
    begin_kernel();
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x;
    if (i < n.values) {
        const std::int64_t band = i % n.bands;
        n.out[i] = fmaf(n.x[i], n.scale[band], n.shift[band]);
    }
}

class BandNorm final : public earshot_cuda_op {
  public:
    explicit BandNorm(const BandNormLayer &layer)
        : bands_(layer.bands), scale_(to_device(layer.scale, layer.bands)),
          shift_(to_device(layer.shift, layer.bands)) {}

    void check(const Extents &e) const override {
        if (e.bands != bands_) {
            fail("shape: " + std::to_string(e.bands) + " bands; expected " + std::to_string(bands_));
        }
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }
    void enqueue(const Arguments &a) const override {
        const Index values = input0_floats(a.extents);
        earshot::check(launch("band norm", band_norm_kernel, dim3(static_cast<unsigned>(divide_up(values, THREADS))),
                              dim3(THREADS), 0, a.stream,
                              Banded{values, bands_, scale_.span(), shift_.span(), a.input0, a.output}),
                       "band norm");
    }

  private:
    std::int32_t bands_;
    DeviceArray<float> scale_;
    DeviceArray<float> shift_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_band_norm(const CudaPacking &packing) {
    return std::make_unique<BandNorm>(BandNormLayer(packing));
}

} // namespace earshot
