/*
 * EARSHOT_LAYER_DENSE_ENCODER: convolutions and instance norms one behind the other. A convolution leaves its raw
 * output and the statistics of its tiles; the norm behind it writes the plane [B, T, F, C] that later convolutions
 * read, in the words of their arithmetic, the last norm the output. The first convolution, 1x1 of one channel, needs no
 * kernel: its norm is that of its input. Where there are warpgroups (compute capability 9.0) and the convolutions suit
 * them, convolutions and norms have kernels and a layout of their own.
 *
 * The convolutions' biases are left out: the norm takes them away again with the mean, and without them a plane of
 * silence is exactly zero, whose norm would multiply every rounding by 1 / sqrt(1e-5).
 *
 * Half precision (arithmetic.h) can be used here because a norm bounds what it writes: of N positions none lies more
 * than sqrt(N - 1) deviations from their mean, so after weight, bias and slope no value of a channel exceeds (sqrt(N) +
 * 1) max(1, |slope|) max(|weight|, |bias|). Each channel is divided by its own factor (a power of two, of which the
 * next convolutions' weights have the reciprocal), all of them by the square root.
 */
#include <algorithm>
#include <cmath>

#include "convolution.h"
#include "cuda_operation.h"
#include "layers.h"
#include "runtime.h"
#include "vectors.h"

namespace earshot {

namespace {

struct PreparedConvolution {
    ConvolutionGeometry geometry;
    DeviceArray<std::uint32_t> weights;
    DeviceArray<float> scale; /* [C], with arithmetics in pairs; of the first convolution its kernel */
    DeviceArray<float> norm_weight;
    DeviceArray<float> norm_bias;
    DeviceArray<float> slopes;
};

class DenseEncoder final : public CarvedOperation<DenseEncoder> {
    friend CarvedOperation<DenseEncoder>;

  public:
    DenseEncoder(const DenseEncoderLayer &layer, Arithmetic arithmetic)
        : arithmetic_(in_pairs(arithmetic)), warpgroups_(takes_warpgroups(layer, arithmetic_)),
          channels_(layer.channels), block_layers_(layer.block_layers) {
        /* What each plane's channels are divided by. */
        std::vector<std::vector<float>> factors;
        for (std::size_t i = 0; i < layer.convolutions.size(); ++i) {
            const EncoderConvolution &c = layer.convolutions[i];
            const bool last = i + 1 == layer.convolutions.size();
            std::vector<float> factor;
            for (std::int32_t channel = 0; channel < channels_; ++channel) {
                factor.push_back(
                    last || !takes_pairs(arithmetic_)
                        ? 1.0F
                        : power_of_two(std::max(std::fabs(c.norm_weight[channel]), std::fabs(c.norm_bias[channel])) *
                                       std::max(1.0F, std::fabs(c.slopes[channel]))));
            }
            PreparedConvolution prepared;
            prepared.geometry = geometry_of(c);
            if (i == 0) {
                prepared.scale = to_device(c.weight, channels_);
            } else {
                prepare_weights(prepared, c, factors, last);
            }
            prepared.norm_weight = divided(c.norm_weight, factor);
            prepared.norm_bias = divided(c.norm_bias, factor);
            prepared.slopes = to_device(c.slopes, channels_);
            convolutions_.push_back(std::move(prepared));
            factors.push_back(std::move(factor));
        }
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
        const Scratch s = scratch(a);
        enqueue_first(a, s);
        for (std::size_t i = 1; i < convolutions_.size(); ++i) {
            if (warpgroups_) {
                enqueue_by_warpgroups(a, s, i);
            } else {
                enqueue_convolution(a, s, i);
            }
        }
    }

  private:
    struct Scratch {
        Span<float> planes;
        Span<float> raw;
        Span<float> statistics;
        Span<float> counts;
    };

    /* The first norm. */
    void enqueue_first(const Arguments &a, const Scratch &s) const {
        const PreparedConvolution &prepared = convolutions_[0];
        FirstNorm first = {};
        first.batch = a.extents.batch;
        first.positions = size_product({a.extents.frames, a.extents.bands});
        first.channels = channels_;
        first.x = a.input0;
        first.statistics = s.statistics;
        first.kernel = prepared.scale.span();
        first.weight = prepared.norm_weight.span();
        first.bias = prepared.norm_bias.span();
        first.slopes = prepared.slopes.span();
        first.scale = range_scale(a.extents);
        first.out = plane(a, s, 0);
        if (!warpgroups_) {
            earshot::check(earshot::enqueue(first, arithmetic_, a.stream), "the encoder's first norm");
            return;
        }
        first.counts = s.counts;
        earshot::check(earshot::enqueue_statistics(first, a.stream), "statistics of the encoder's input");
        SlabNorm norm = slab_norm(a, s, 0);
        norm.frames = static_cast<std::int32_t>(a.extents.frames);
        norm.bands = static_cast<std::int32_t>(a.extents.bands);
        norm.entries = input_parts();
        norm.x = a.input0;
        norm.kernel = first.kernel;
        earshot::check(earshot::enqueue(norm, arithmetic_, a.stream), "the encoder's first norm");
    }

    /* A convolution and its norm. */
    void enqueue_convolution(const Arguments &a, const Scratch &s, std::size_t i) const {
        const PreparedConvolution &prepared = convolutions_[i];
        const bool last = i + 1 == convolutions_.size();
        Convolution c = convolution(a, s, i);
        c.tiles = plan_convolution(c, arithmetic_);
        earshot::check(earshot::enqueue(c, arithmetic_, a.stream), "convolution");
        InstanceNorm norm = {};
        norm.batch = c.batch;
        norm.positions = Index{c.tiles.frames_out} * c.tiles.bands_out;
        norm.channels = channels_;
        norm.tiles = c.tiles.count();
        norm.x = s.raw;
        norm.statistics = s.statistics;
        norm.counts = s.counts;
        norm.weight = prepared.norm_weight.span();
        norm.bias = prepared.norm_bias.span();
        norm.slopes = prepared.slopes.span();
        norm.scale = last ? 1.0F : range_scale(a.extents);
        norm.out = last ? mutable_words(a.output) : plane(a, s, i);
        earshot::check(earshot::enqueue(norm, last ? Arithmetic::SCALAR : arithmetic_, a.stream), "instance norm");
    }

    void enqueue_by_warpgroups(const Arguments &a, const Scratch &s, std::size_t i) const {
        Convolution c = convolution(a, s, i);
        c.tiles = plan_warpgroups(c.geometry, c.frames, c.bands);
        earshot::check(earshot::enqueue_warpgroups(c, arithmetic_, a.stream), "convolution");
        SlabNorm norm = slab_norm(a, s, i);
        norm.frames = c.tiles.frames_out;
        norm.bands = c.tiles.bands_out;
        norm.entries = c.tiles.count();
        norm.x = s.raw;
        earshot::check(earshot::enqueue(norm, arithmetic_, a.stream), "instance norm");
    }

    /* All but the tiles of convolution i. */
    Convolution convolution(const Arguments &a, const Scratch &s, std::size_t i) const {
        const PreparedConvolution &prepared = convolutions_[i];
        const Index plane = plane_floats(a.extents);
        const auto index = static_cast<Index>(i);
        const bool last = i + 1 == convolutions_.size();
        Convolution c = {};
        c.batch = a.extents.batch;
        c.frames = static_cast<std::int32_t>(a.extents.frames);
        c.bands = static_cast<std::int32_t>(a.extents.bands);
        c.geometry = prepared.geometry;
        /* A layer of the block reads all planes before it, the last convolution the newest alone. */
        c.input = {as_words(last ? s.planes.part((index - 1) * plane, plane) : s.planes), plane, channels_};
        c.first = last ? 0 : static_cast<std::int32_t>(i) - 1;
        c.weights = prepared.weights.span();
        c.scale = prepared.scale.span();
        c.common_scale = 1.0F / range_scale(a.extents);
        c.channels_out = channels_;
        c.out = s.raw;
        c.statistics = s.statistics;
        c.counts = s.counts;
        return c;
    }

    /* The norm behind convolution i, for all but its input. */
    SlabNorm slab_norm(const Arguments &a, const Scratch &s, std::size_t i) const {
        const PreparedConvolution &prepared = convolutions_[i];
        const bool last = i + 1 == convolutions_.size();
        SlabNorm norm = {};
        norm.batch = a.extents.batch;
        norm.statistics = s.statistics;
        norm.counts = s.counts;
        norm.weight = prepared.norm_weight.span();
        norm.bias = prepared.norm_bias.span();
        norm.slopes = prepared.slopes.span();
        norm.scale = last ? 1.0F : range_scale(a.extents);
        norm.order = last ? PlaneOrder::FLOATS : plane_order(convolutions_[i + 1].geometry);
        norm.out = last ? mutable_words(a.output) : plane(a, s, i);
        return norm;
    }

    Span<std::uint32_t> plane(const Arguments &a, const Scratch &s, std::size_t i) const {
        const Index words = plane_floats(a.extents);
        return mutable_words(s.planes.part(static_cast<Index>(i) * words, words));
    }

    Index plane_floats(const Extents &e) const {
        return round_up(plane_words(arithmetic_, size_product({e.positions()}), channels_), 4);
    }

    /* What all values are multiplied by, so that the greatest possible one is near the end
     * of half precision's range. */
    float range_scale(const Extents &e) const {
        if (!takes_pairs(arithmetic_)) {
            return 1.0F;
        }
        constexpr double END = 32768;
        const double most = std::sqrt(static_cast<double>(e.frames) * static_cast<double>(e.bands)) + 1;
        return std::ldexp(1.0F, std::ilogb(END / most));
    }

    Scratch carve(Carver &carver, const Extents &e) const {
        Index tiles = 0;
        Index raw = 0;
        for (const PreparedConvolution &c : convolutions_) {
            const Index frames = c.geometry.frames_out(e.frames);
            const Index bands = c.geometry.bands_out(e.bands);
            tiles = std::max(tiles, warpgroups_ ? plan_warpgroups(c.geometry, e.frames, e.bands).count()
                                                : most_tiles(c.geometry, frames, bands));
            raw = std::max(
                raw, size_product({e.batch, frames, warpgroups_ ? raw_pitch(static_cast<std::int32_t>(bands)) : bands,
                                   channels_}));
        }
        Scratch s;
        s.planes = carver.take(size_product({block_layers_ + Index{1}, plane_floats(e)}));
        s.raw = carver.take(raw);
        s.counts = carver.take(std::max(tiles, input_parts()));
        s.statistics = carver.take(std::max(input_statistics(e.batch), size_product({e.batch, tiles, 2, channels_})));
        return s;
    }

    /* Weights for planes whose channels were divided by `factors`, with a scale for each output channel. */
    void prepare_weights(PreparedConvolution &prepared, const EncoderConvolution &c,
                         const std::vector<std::vector<float>> &factors, bool last) const {
        const std::int32_t planes = c.inputs / channels_;
        const Index taps = prepared.geometry.taps();
        const Index row = Index{c.inputs} * taps;
        std::vector<float> weights(c.weight, c.weight + channels_ * row);
        if (takes_pairs(arithmetic_)) {
            std::vector<float> scales;
            for (Index out = 0; out < channels_; ++out) {
                for (Index i = 0; i < row; ++i) {
                    /* The newest plane comes first. */
                    const Index slice = i / taps / channels_;
                    const auto plane = static_cast<std::size_t>(last ? Index(factors.size()) - 1 : planes - 1 - slice);
                    weights[static_cast<std::size_t>(out * row + i)] *=
                        factors[plane][static_cast<std::size_t>(i / taps % channels_)];
                }
                scales.push_back(scale_row(weights.data() + out * row, static_cast<std::int32_t>(row)));
            }
            prepared.scale = DeviceArray<float>(scales);
        }
        prepared.weights = DeviceArray<std::uint32_t>(
            warpgroups_
                ? pack_warpgroups(weights.data(), planes, prepared.geometry, arithmetic_)
                : pack_convolution(weights.data(), channels_, planes, channels_, prepared.geometry, arithmetic_));
    }

    static DeviceArray<float> divided(const float *values, const std::vector<float> &factors) {
        std::vector<float> quotients;
        for (std::size_t i = 0; i < factors.size(); ++i) {
            quotients.push_back(values[i] / factors[i]);
        }
        return DeviceArray<float>(quotients);
    }

    static ConvolutionGeometry geometry_of(const EncoderConvolution &c) {
        return {c.kernel_time,       c.kernel_frequency, c.padding_time,
                c.padding_frequency, c.dilation_time,    c.stride_frequency};
    }

    /* Whether warpgroups can multiply all convolutions. */
    static bool takes_warpgroups(const DenseEncoderLayer &layer, Arithmetic arithmetic) {
        bool fit = takes_pairs(arithmetic) && layer.block_layers > 0 && uses_warpgroups();
        for (std::size_t i = 1; i < layer.convolutions.size(); ++i) {
            fit = fit && fits_warpgroups(geometry_of(layer.convolutions[i]), layer.channels);
        }
        return fit;
    }

    Arithmetic arithmetic_;
    bool warpgroups_; /* kernels and planes of warpgroups */
    std::int32_t channels_;
    std::int32_t block_layers_;
    std::vector<PreparedConvolution> convolutions_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_dense_encoder(const CudaPacking &packing) {
    return std::make_unique<DenseEncoder>(DenseEncoderLayer(packing), packing.arithmetic);
}

} // namespace earshot
