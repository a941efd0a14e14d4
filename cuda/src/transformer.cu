/*
 * EARSHOT_LAYER_TRANSFORMER: weights, and which of the two ways of transformer.h a run takes.
 */
#include <algorithm>

#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"
#include "transformer.h"

namespace earshot {

namespace {

class PreparedMap {
  public:
    PreparedMap(const float *weight, const float *bias, Index inputs, Index outputs)
        : inputs_(round_up(inputs, 4)), outputs_(outputs), bias_(to_device(bias, outputs)) {
        std::vector<float> rows(static_cast<std::size_t>(size_product({inputs_, outputs})), 0.0F);
        for (Index row = 0; row < outputs; ++row) {
            std::copy(weight + row * inputs, weight + (row + 1) * inputs, rows.begin() + row * inputs_);
        }
        weight_ = DeviceArray<float>(rows);
    }

    TokenMap view() const {
        return {static_cast<std::int32_t>(inputs_), static_cast<std::int32_t>(outputs_), weight_.span(), bias_.span()};
    }

  private:
    Index inputs_;
    Index outputs_;
    DeviceArray<float> weight_;
    DeviceArray<float> bias_;
};

class Transformer final : public CarvedOperation<Transformer> {
    friend CarvedOperation<Transformer>;

  public:
    explicit Transformer(const TransformerLayer &layer)
        : width_(layer.width), heads_(layer.heads), hidden_(layer.hidden),
          in_(layer.in, layer.in_bias, width_, 3 * Index{width_}), out_(layer.out, layer.out_bias, width_, width_),
          widen_(layer.widen, layer.widen_bias, width_, hidden_),
          narrow_(layer.narrow, layer.narrow_bias, hidden_, width_) {
        for (int norm = 0; norm < 2; ++norm) {
            scale_[norm] = to_device(layer.scale[norm], width_);
            shift_[norm] = to_device(layer.shift[norm], width_);
        }
    }

    void check(const Extents &e) const override {
        require(e.bands == 1, "shape: expected bands 1 for tokens");
        /* The kernels count a clip's numbers in 32 bits. */
        constexpr Index ROOM_FOR_SCORES = 64;
        const Index row = size_sum({size_product({6, width_}), hidden_, heads_, ROOM_FOR_SCORES});
        require(size_product({e.frames, row}) <= INT32_MAX, "shape: more tokens than the kernel can count");
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, width_}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Encoder encoder = {
            e.batch,        static_cast<std::int32_t>(e.frames),
            width_,         heads_,
            hidden_,        in_.view(),
            out_.view(),    widen_.view(),
            narrow_.view(), {{scale_[0].span(), shift_[0].span()}, {scale_[1].span(), shift_[1].span()}},
            a.input0,       a.output,
            scratch(a)};
        earshot::check(shares(e) ? enqueue_shared(encoder, a.stream) : enqueue_plain(encoder, a.stream),
                       "transformer layer");
    }

  private:
    bool shares(const Extents &e) const { return can_share(e.frames, width_, heads_, hidden_, device().shared_bytes); }

    Span<float> carve(Carver &carver, const Extents &e) const {
        return carver.take(size_product({e.batch, shares(e) ? shared_scratch_floats(e.frames, width_)
                                                            : plain_scratch_floats(e.frames, width_, hidden_)}));
    }

    std::int32_t width_;
    std::int32_t heads_;
    std::int32_t hidden_;
    PreparedMap in_;
    PreparedMap out_;
    PreparedMap widen_;
    PreparedMap narrow_;
    DeviceArray<float> scale_[2];
    DeviceArray<float> shift_[2];
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_transformer(const CudaPacking &packing) {
    return std::make_unique<Transformer>(TransformerLayer(packing));
}

} // namespace earshot
