/*
 * EARSHOT_LAYER_DENSE_ENCODER: the convolutions one behind the other, each with its plane [B, T, F, C] of raw outputs
 * and the scale and shift of the instance norm that readers apply to it; the last plane is normalised into the output.
 * The convolutions' biases are left out: the norm takes them away again with the mean, and without them a plane of
 * silence is exactly zero, whose norm would multiply every rounding by 1 / sqrt(1e-5).
 */
#include <algorithm>

#include "convolution.h"
#include "operation.h"

namespace earshot {

namespace {

struct PreparedConvolution {
    ConvolutionGeometry geometry;
    Arithmetic arithmetic;
    DeviceArray<std::uint32_t> weights;
    DeviceArray<float> norm_weight;
    DeviceArray<float> norm_bias;
};

class DenseEncoder final : public CarvedOperation<DenseEncoder> {
    friend CarvedOperation<DenseEncoder>;

  public:
    DenseEncoder(const DenseEncoderLayer &layer, Arithmetic arithmetic)
        : channels_(layer.channels), block_layers_(layer.block_layers) {
        std::vector<float> slopes;
        for (std::size_t i = 0; i < layer.convolutions.size(); ++i) {
            const EncoderConvolution &c = layer.convolutions[i];
            PreparedConvolution prepared;
            prepared.geometry = {c.kernel_time,       c.kernel_frequency, c.padding_time,
                                 c.padding_frequency, c.dilation_time,    c.stride_frequency};
            /* The first has one input channel, so nothing to win, and reads decibels far from zero, whose split into two
             * TF32 numbers would lose two bits before the norm takes the mean away. */
            prepared.arithmetic = i == 0 ? Arithmetic::SCALAR : arithmetic;
            const std::int32_t planes = i == 0 ? 1 : c.inputs / channels_;
            prepared.weights = DeviceArray<std::uint32_t>(
                pack_convolution(c.weight, channels_, planes, c.inputs / planes, prepared.geometry, prepared.arithmetic));
            prepared.norm_weight = to_device(c.norm_weight, channels_);
            prepared.norm_bias = to_device(c.norm_bias, channels_);
            slopes.insert(slopes.end(), c.slopes, c.slopes + channels_);
            convolutions_.push_back(std::move(prepared));
        }
        slopes_ = DeviceArray<float>(slopes);
    }

    void check(const Extents &e) const override {
        const ConvolutionGeometry &last = convolutions_.back().geometry;
        if (last.frames_out(e.frames) < 1 || e.bands + 2 * last.padding_frequency < last.kernel_frequency) {
            fail("shape: " + std::to_string(e.frames) + " frames and " + std::to_string(e.bands) +
                 " bands; the last convolution of the encoder needs more");
        }
        /* The kernels count a clip's positions in 32 bits. */
        require(e.frames <= INT32_MAX / 2 && size_product({e.frames, e.bands}) <= INT32_MAX / 4,
                "shape: more frames and bands than the kernels can count");
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands}); }
    Index output_floats(const Extents &e) const override {
        const ConvolutionGeometry &last = convolutions_.back().geometry;
        return size_product({e.batch, last.frames_out(e.frames), last.bands_out(e.bands), channels_});
    }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Scratch s = scratch(a);
        const Index plane = size_product({e.positions(), channels_});
        const Index norm = size_product({e.batch, 2, channels_});
        for (std::size_t i = 0; i < convolutions_.size(); ++i) {
            const PreparedConvolution &prepared = convolutions_[i];
            const ConvolutionGeometry &g = prepared.geometry;
            const auto index = static_cast<Index>(i);
            const bool last = i + 1 == convolutions_.size();
            Convolution c = {};
            c.batch = e.batch;
            c.frames = static_cast<std::int32_t>(e.frames);
            c.bands = static_cast<std::int32_t>(e.bands);
            c.frames_out = static_cast<std::int32_t>(g.frames_out(e.frames));
            c.bands_out = static_cast<std::int32_t>(g.bands_out(e.bands));
            c.geometry = g;
            c.input = i == 0 ? Planes{a.input0, 0, {}, 0, {}, 1}
                             : Planes{s.planes, plane, s.norms, norm, slopes_.span(), channels_};
            /* A layer of the block reads all planes before it, the last convolution the newest alone. */
            if (last) {
                c.input.values = s.planes.part((index - 1) * plane, plane);
                c.input.norms = s.norms.part((index - 1) * norm, norm);
                c.input.slopes = slopes_.span().part((index - 1) * channels_, channels_);
            }
            c.first = i == 0 || last ? 0 : static_cast<std::int32_t>(i) - 1;
            c.weights = prepared.weights.span();
            c.channels_out = channels_;
            const Index size = size_product({e.batch, c.frames_out, c.bands_out, channels_});
            c.out = last ? s.last : s.planes.part(index * plane, size);
            c.statistics = s.statistics;
            earshot::check(earshot::enqueue(c, prepared.arithmetic, a.stream), "convolution");
            const Span<float> norms = s.norms.part(index * norm, norm);
            earshot::check(
                earshot::enqueue(InstanceNorm{c, prepared.norm_weight.span(), prepared.norm_bias.span(), norms},
                                 a.stream),
                "instance norm");
            if (last) {
                earshot::check(earshot::enqueue(Normalise{e.batch, Index{c.frames_out} * c.bands_out, channels_, s.last,
                                                          norms, slopes_.span().part(index * channels_, channels_),
                                                          a.output},
                                                a.stream),
                               "the encoder's last norm");
            }
        }
    }

  private:
    struct Scratch {
        Span<float> planes;
        Span<float> norms;
        Span<float> statistics;
        Span<float> last;
    };

    Scratch carve(Carver &carver, const Extents &e) const {
        const ConvolutionGeometry &last = convolutions_.back().geometry;
        Index tiles = 0;
        for (const PreparedConvolution &c : convolutions_) {
            tiles = std::max(tiles, convolution_tiles(c.geometry, c.geometry.frames_out(e.frames),
                                                      c.geometry.bands_out(e.bands)));
        }
        Scratch s;
        s.planes = carver.take(size_product({block_layers_ + Index{1}, e.positions(), channels_}));
        s.norms = carver.take(size_product({block_layers_ + Index{2}, e.batch, 2, channels_}));
        s.statistics = carver.take(size_product({e.batch, tiles, 2, channels_}));
        s.last = carver.take(
            size_product({e.batch, last.frames_out(e.frames), last.bands_out(e.bands), channels_}));
        return s;
    }

    std::int32_t channels_;
    std::int32_t block_layers_;
    std::vector<PreparedConvolution> convolutions_;
    DeviceArray<float> slopes_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_dense_encoder(const Packing &packing, Arithmetic arithmetic) {
    return std::make_unique<DenseEncoder>(DenseEncoderLayer(packing), arithmetic);
}

} // namespace earshot
