/* The 3x3 convolution with a bias that the blocks of SE-Trans and MobileASCNet begin with. */
#pragma once

#include "convolution.h"
#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"
#include "vectors.h"

namespace earshot {

/* Padded by 1: [B, T, F, I] to [B, T, F, O]. Owns its weights. */
class Convolution3x3 {
  public:
    Convolution3x3(const float *weight, const float *bias, std::int32_t inputs, std::int32_t outputs,
                   Arithmetic arithmetic)
        : inputs_(inputs), outputs_(outputs), arithmetic_(arithmetic),
          weights_(pack_convolution(weight, outputs, 1, inputs, GEOMETRY, arithmetic)),
          bias_(to_device(bias, outputs)) {}

    std::int32_t inputs() const { return inputs_; }
    std::int32_t outputs() const { return outputs_; }

    static void check(const Extents &e) {
        /* The kernels count a clip's positions in 32 bits. */
        require(e.frames <= INT32_MAX / 2 && size_product({e.frames, e.bands}) <= INT32_MAX / 4,
                "shape: more frames and bands than the kernels can count");
    }

    /* How a run's clips are cut into tiles. */
    ConvolutionTiles tiles(const Extents &e) const { return convolution(e).tiles; }

    /* With statistics, as of Convolution, where there is memory for them. */
    cudaError_t enqueue(const Extents &e, const Span<const float> &x, const Span<float> &out,
                        const Span<float> &statistics, cudaStream_t stream) const {
        Convolution c = convolution(e);
        c.input.words = as_words(x);
        c.out = out;
        c.statistics = statistics;
        return earshot::enqueue(c, arithmetic_, stream);
    }

  private:
    static constexpr ConvolutionGeometry GEOMETRY = {3, 3, 1, 1, 1, 1};

    /* But for its places in memory. */
    Convolution convolution(const Extents &e) const {
        Convolution c = {};
        c.batch = e.batch;
        c.frames = static_cast<std::int32_t>(e.frames);
        c.bands = static_cast<std::int32_t>(e.bands);
        c.geometry = GEOMETRY;
        c.input = {{}, 0, inputs_};
        c.weights = weights_.span();
        c.bias = bias_.span();
        c.channels_out = outputs_;
        c.tiles = plan_convolution(c, arithmetic_);
        return c;
    }

    std::int32_t inputs_;
    std::int32_t outputs_;
    Arithmetic arithmetic_;
    DeviceArray<std::uint32_t> weights_;
    DeviceArray<float> bias_;
};

} // namespace earshot
