/* Affine maps of one row for each clip: a warp a number. */
#pragma once

#include "boundary.h"
#include "intrinsics.h"
#include "runtime.h"

namespace earshot {

/* y = W x + b, then max(y, 0) if relu. */
struct Affine {
    std::int32_t inputs;
    std::int32_t outputs;
    bool relu;
    Span<const float> weight;
    Span<const float> bias; /* or empty */
};

/* Number `output` of y, by a whole warp; x(i) gives number i of x. */
template <class X>
__device__ __forceinline__ float affine(const Affine &a, int output, const X &x) {
    float sum = 0.0F;
    const float bias = a.bias.empty() ? 0.0F : a.bias[output];
#pragma unroll 8
    for (int i = static_cast<int>(threadIdx.x) % 32; i < a.inputs; i += 32) {
        sum = fmaf(a.weight[static_cast<std::int64_t>(output) * a.inputs + i], x(i), sum);
    }
    const float y = warp_sum(sum) + bias;
    return a.relu ? relu(y) : y;
}

/* An affine map that owns its weights. */
class PreparedAffine {
  public:
    /* Without a bias where it is null. */
    PreparedAffine(const float *weight, const float *bias, std::int32_t inputs, std::int32_t outputs, bool relu)
        : weight_(to_device(weight, Index{outputs} * inputs)), bias_(to_device(bias, bias == nullptr ? 0 : outputs)),
          inputs_(inputs), outputs_(outputs), relu_(relu) {}

    Affine view() const { return {inputs_, outputs_, relu_, weight_.span(), bias_.span()}; }
    std::int32_t inputs() const { return inputs_; }
    std::int32_t outputs() const { return outputs_; }

  private:
    DeviceArray<float> weight_;
    DeviceArray<float> bias_;
    std::int32_t inputs_;
    std::int32_t outputs_;
    bool relu_;
};

} // namespace earshot
