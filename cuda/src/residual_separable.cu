/*
 * EARSHOT_LAYER_RESIDUAL_SEPARABLE: convolution, and all else in one kernel (separable.h), with the convolution inside
 * where the input has one channel.
 *
 * Idea: the ReLU behind the convolution is applied when the depthwise convolution reads; pointwise convolution and
 * shortcut are one product, so that their sum is made in registers, where ReLU and pooling follow.
 *
 * Bytes (32 to 64 channels at 250 x 32, one clip): x 1 MB read 1.6 times and once more, one plane of 2 MB written and
 * read, 0.5 MB written, all in L2. Flops: 0.30 G convolution, 9 M depthwise, 0.10 G product. Limit on an H200: the
 * flops of float32, 6 us at 67 TFLOP/s, and two launches.
 */
#include <optional>

#include "convolution3x3.h"
#include "separable.h"
#include "taps.h"

namespace earshot {

namespace {

/* Rows [rows, columns], each filled up with zeros to a multiple of 4. */
std::vector<float> rows_in_fours(const std::vector<float> &values, Index columns) {
    std::vector<float> filled;
    for (auto row = values.begin(); row != values.end(); row += columns) {
        filled.insert(filled.end(), row, row + columns);
        filled.resize(static_cast<std::size_t>(round_up(static_cast<Index>(filled.size()), 4)), 0.0F);
    }
    return filled;
}

/* Appends a matrix [outputs, inputs], input first, with rows of zeros up to a multiple of 4. */
void append_turned(std::vector<float> &turned, const float *weight, Index outputs, Index inputs) {
    for (Index input = 0; input < inputs; ++input) {
        for (Index output = 0; output < outputs; ++output) {
            turned.push_back(weight[output * inputs + input]);
        }
    }
    turned.resize(turned.size() + static_cast<std::size_t>((round_up(inputs, 4) - inputs) * outputs), 0.0F);
}

std::vector<float> join_of(const ResidualSeparableLayer &layer) {
    std::vector<float> turned;
    append_turned(turned, layer.pointwise, layer.outputs, layer.outputs);
    if (layer.projects) {
        append_turned(turned, layer.shortcut, layer.outputs, layer.inputs);
    }
    return rows_in_fours(turned, layer.outputs);
}

std::vector<float> sum_of_biases(const ResidualSeparableLayer &layer) {
    std::vector<float> sums(layer.pointwise_bias, layer.pointwise_bias + layer.outputs);
    for (std::size_t i = 0; layer.projects && i < sums.size(); ++i) {
        sums[i] += layer.shortcut_bias[i];
    }
    return sums;
}

class ResidualSeparable final : public CarvedOperation<ResidualSeparable> {
    friend CarvedOperation<ResidualSeparable>;

  public:
    ResidualSeparable(const ResidualSeparableLayer &layer, Arithmetic arithmetic)
        : projects_(layer.projects), inputs_(layer.inputs), outputs_(layer.outputs),
          depthwise_(rows_in_fours(taps_first(layer.depthwise, outputs_), outputs_)), join_(join_of(layer)),
          join_bias_(rows_in_fours(sum_of_biases(layer), outputs_)) {
        if (inputs_ == 1) {
            taps_ = DeviceArray<float>(rows_in_fours(taps_first(layer.convolution, outputs_), outputs_));
            tap_bias_ = DeviceArray<float>(rows_in_fours({layer.bias, layer.bias + outputs_}, outputs_));
        } else {
            convolution_.emplace(layer.convolution, layer.bias, inputs_, outputs_,
                                 block_arithmetic(inputs_, arithmetic));
        }
    }

    void check(const Extents &e) const override {
        require(e.frames >= 2 && e.bands >= 2, "shape: fewer frames or bands than the pooling takes, 2");
        Convolution3x3::check(e);
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands, inputs_}); }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames / 2, e.bands / 2, outputs_});
    }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Span<float> plane = scratch(a);
        if (convolution_) {
            earshot::check(convolution_->enqueue(e, a.input0, plane, {}, a.stream), "convolution");
        }
        earshot::check(
            earshot::enqueue(Separable{e.batch, static_cast<std::int32_t>(e.frames), static_cast<std::int32_t>(e.bands),
                                       outputs_, inputs_, projects_, plane, taps_.span(), tap_bias_.span(),
                                       depthwise_.span(), join_.span(), join_bias_.span(), a.input0, a.output},
                             device().multiprocessors, a.stream),
            "separable convolution");
    }

  private:
    Span<float> carve(Carver &carver, const Extents &e) const {
        return convolution_ ? carver.take(size_product({e.batch, e.frames, e.bands, outputs_})) : Span<float>();
    }

    bool projects_;
    std::int32_t inputs_;
    std::int32_t outputs_;
    std::optional<Convolution3x3> convolution_; /* of more than one channel */
    DeviceArray<float> taps_;                   /* of one channel */
    DeviceArray<float> tap_bias_;
    DeviceArray<float> depthwise_;
    DeviceArray<float> join_;
    DeviceArray<float> join_bias_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_residual_separable(const CudaPacking &packing) {
    return std::make_unique<ResidualSeparable>(ResidualSeparableLayer(packing), packing.arithmetic);
}

} // namespace earshot
