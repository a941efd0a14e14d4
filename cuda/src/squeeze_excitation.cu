/*
 * EARSHOT_LAYER_SQUEEZE_EXCITATION: convolution, pools of its output, gate, and one pass that applies it.
 *
 * Idea: what depends on the whole clip stands between two passes over the convolution's output z, which stays in L2.
 * The gate is a small perceptron. Of a single mean (scale 1, SE-Trans as published) every block of the last pass makes
 * it for itself, out of the means that the convolution's tiles leave behind, or, where those are too many, of the parts
 * of an adaptive pool. With more scales there is more to add up, and one block a clip does it in a launch of its own,
 * numbers going through global memory between its steps, so that no size is too great for it. Where the input has one
 * channel (the first layer), z is never written: see single_channel.h.
 *
 * Bytes (64 to 64 channels at 500 x 64, one clip, scale 1): x 8 MB read 1.3 times, z 8 MB written and read once, 2 MB
 * written, nearly all in L2; in a batch 27 MB a clip, 6.3 us on an H200. Flops: 2.4 G. Limit on an H200: the
 * convolution's flops of float32, 35 us at 67 TFLOP/s, less with tensor cores; the rest 4 us for one clip.
 */
#include <algorithm>
#include <optional>

#include "adaptive_pool.h"
#include "affine.h"
#include "convolution3x3.h"
#include "gated_pool.h"
#include "single_channel.h"
#include "taps.h"

namespace earshot {

namespace {

constexpr int THREADS = 512;
constexpr int WARPS = THREADS / 32;

/* The gate of any number of pools. */
struct Gate {
    std::int32_t channels;
    std::int32_t bins;
    std::int32_t parts; /* of a clip, as of AdaptivePool */
    std::int32_t slots;
    Span<const PoolGrid> grids;
    Span<const float> pools; /* [B, slots, C] */
    Affine narrow;
    Affine widen;
    Span<float> squeezed; /* [B, bins * C] */
    Span<float> hidden;   /* [B, H] */
    Span<float> gate;     /* [B, C] */
};

/* A block a clip. */
__global__ void __launch_bounds__(THREADS) gate_kernel(Gate g) {
    begin_kernel();
    const std::int64_t clip = blockIdx.x;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const std::int64_t values = static_cast<std::int64_t>(g.bins) * g.channels;
    std::int64_t begin = 0;
    std::int64_t slot0 = clip * g.slots;
    for (int grid = 0; begin < values; ++grid) {
        /* A grid's bins are read channel by channel, bins of a channel side by side. */
        const std::int64_t bins = g.grids[grid].bins();
        const int parts = g.grids[grid].parts_of_bin(g.parts);
        for (std::int64_t i = threadIdx.x; i < bins * g.channels; i += THREADS) {
            const std::int64_t bin = i / g.channels;
            const std::int64_t channel = i % g.channels;
            float sum = 0.0F;
#pragma unroll 8
            for (int part = 0; part < parts; ++part) {
                sum += g.pools[(slot0 + bin * parts + part) * g.channels + channel];
            }
            g.squeezed[clip * values + begin + channel * bins + bin] = sum;
        }
        begin += bins * g.channels;
        slot0 += bins * parts;
    }
    __syncthreads();
    for (int i = warp; i < g.narrow.outputs; i += WARPS) {
        const float y = affine(g.narrow, i, [&](int k) { return g.squeezed[clip * values + k]; });
        if (lane == 0) {
            g.hidden[clip * g.narrow.outputs + i] = y;
        }
    }
    __syncthreads();
    for (int c = static_cast<int>(threadIdx.x); c < g.channels; c += THREADS) {
        float sum = 0.0F;
        for (int k = 0; k < g.widen.inputs; ++k) {
            sum = fmaf(g.widen.weight[static_cast<std::int64_t>(c) * g.widen.inputs + k],
                       g.hidden[clip * g.widen.inputs + k], sum);
        }
        g.gate[clip * g.channels + c] = sigmoid(sum);
    }
}

/* The kernels count bins, and numbers of a clip's pools, in 32 bits. */
std::int32_t countable_bins(const SqueezeExcitationLayer &layer) {
    constexpr Index MOST_BINS = 1 << 20;
    require(layer.bins <= MOST_BINS && size_product({layer.bins, layer.outputs}) <= INT32_MAX,
            "scales: more bins than the kernels can count");
    return static_cast<std::int32_t>(layer.bins);
}

std::vector<PoolGrid> grids_of(const SqueezeExcitationLayer &layer) {
    std::vector<PoolGrid> grids;
    for (const std::int32_t scale : layer.scales) {
        grids.push_back({scale, scale});
    }
    return grids;
}

class SqueezeExcitation final : public CarvedOperation<SqueezeExcitation> {
    friend CarvedOperation<SqueezeExcitation>;

  public:
    SqueezeExcitation(const SqueezeExcitationLayer &layer, Arithmetic arithmetic)
        : pooled_(layer.pooled), inputs_(layer.inputs), outputs_(layer.outputs), bins_(countable_bins(layer)),
          grids_(grids_of(layer)), on_device_(grids_),
          narrow_(layer.narrow, nullptr, bins_ * layer.outputs, layer.hidden, true),
          widen_(layer.widen, nullptr, layer.hidden, layer.outputs, false) {
        if (inputs_ == 1) {
            single_weights_ = DeviceArray<float>(taps_first(layer.convolution, outputs_));
            single_bias_ = to_device(layer.bias, outputs_);
        } else {
            convolution_.emplace(layer.convolution, layer.bias, inputs_, outputs_,
                                 block_arithmetic(inputs_, arithmetic));
        }
    }

    void check(const Extents &e) const override {
        require(!pooled_ || (e.frames >= 2 && e.bands >= 2), "shape: fewer frames or bands than the pooling takes, 2");
        Convolution3x3::check(e);
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands, inputs_}); }
    Index output_floats(const Extents &e) const override {
        const GatedPool last = last_pass(e);
        return size_product({e.batch, last.frames_out(), last.bands_out(), outputs_});
    }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Scratch s = scratch(a);
        const Means means = means_of(e);
        const bool of_tiles = means == Means::OF_TILES;
        const Squeeze squeeze = {slots(e), of_tiles,       of_tiles ? convolution_->tiles(e) : ConvolutionTiles(),
                                 s.pools,  narrow_.view(), widen_.view()};
        if (means == Means::OF_ONE_CHANNEL) {
            earshot::check(enqueue_means(single(a), s.pools, a.stream), "convolution of one channel, its mean");
            earshot::check(enqueue_gated(single(a), squeeze, a.output, a.stream), "convolution of one channel");
            return;
        }
        earshot::check(inputs_ == 1
                           ? earshot::enqueue(single(a), s.z, a.stream)
                           : convolution_->enqueue(e, a.input0, s.z, of_tiles ? s.pools : Span<float>(), a.stream),
                       "convolution");
        if (!of_tiles) {
            earshot::check(earshot::enqueue(AdaptivePool{e.batch, e.frames, e.bands, outputs_, parts(e), slots(e),
                                                         on_device_.span(), s.z, s.pools},
                                            a.stream),
                           "pools of the squeeze");
        }
        GatedPool last = last_pass(e);
        last.x = s.z;
        last.out = a.output;
        if (blocks_make_gate()) {
            last.squeeze = squeeze;
        } else {
            earshot::check(launch("gate", gate_kernel, dim3(static_cast<unsigned>(e.batch)), dim3(THREADS), 0, a.stream,
                                  Gate{outputs_, bins_, parts(e), slots(e), on_device_.span(), s.pools, narrow_.view(),
                                       widen_.view(), s.squeezed, s.hidden, s.gate}),
                           "gate");
            last.gate = s.gate;
        }
        earshot::check(earshot::enqueue(last, device().multiprocessors, a.stream), "gated pool");
    }

  private:
    struct Scratch {
        Span<float> z;
        Span<float> pools;
        Span<float> squeezed;
        Span<float> hidden;
        Span<float> gate;
    };

    /* Where the mean, or the means, of the convolution's output come from. */
    enum class Means { OF_ONE_CHANNEL, OF_TILES, OF_POOLS };

    Means means_of(const Extents &e) const {
        if (!blocks_make_gate()) {
            return Means::OF_POOLS;
        }
        if (inputs_ == 1) {
            return pooled_ ? Means::OF_POOLS : Means::OF_ONE_CHANNEL;
        }
        return convolution_->tiles(e).count() <= MOST_GATE_TILES ? Means::OF_TILES : Means::OF_POOLS;
    }

    Scratch carve(Carver &carver, const Extents &e) const {
        const Means means = means_of(e);
        Scratch s;
        s.pools = carver.take(size_product({e.batch, slots(e), means == Means::OF_TILES ? 2 : 1, outputs_}));
        if (means != Means::OF_ONE_CHANNEL) {
            s.z = carver.take(size_product({e.batch, e.frames, e.bands, outputs_}));
        }
        if (!blocks_make_gate()) {
            s.squeezed = carver.take(size_product({e.batch, narrow_.inputs()}));
            s.hidden = carver.take(size_product({e.batch, narrow_.outputs()}));
            s.gate = carver.take(size_product({e.batch, outputs_}));
        }
        return s;
    }

    /* Of one mean. */
    bool blocks_make_gate() const { return bins_ == 1 && fits_gate(outputs_, narrow_.outputs()); }

    SingleChannel single(const Arguments &a) const {
        return {a.extents.batch,
                static_cast<std::int32_t>(a.extents.frames),
                static_cast<std::int32_t>(a.extents.bands),
                outputs_,
                single_weights_.span(),
                single_bias_.span(),
                a.input0};
    }

    GatedPool last_pass(const Extents &e) const {
        return {e.batch, e.frames, e.bands, outputs_, pooled_, {}, {}, {}, {}};
    }

    /* Parts of 128 positions of the whole or more: two blocks a multiprocessor, and sums that a block can add up. */
    static std::int32_t parts(const Extents &e) {
        constexpr Index MOST_PARTS = 128;
        return static_cast<std::int32_t>(std::clamp<Index>(size_product({e.frames, e.bands}) / 128, 1, MOST_PARTS));
    }

    std::int32_t slots(const Extents &e) const {
        switch (means_of(e)) {
        case Means::OF_ONE_CHANNEL:
            return static_cast<std::int32_t>(single_channel_slots(e.frames, e.bands, outputs_));
        case Means::OF_TILES:
            return convolution_->tiles(e).count();
        case Means::OF_POOLS:
            break;
        }
        Index slots = 0;
        for (const PoolGrid &grid : grids_) {
            slots += Index{grid.bins()} * grid.parts_of_bin(parts(e));
        }
        return static_cast<std::int32_t>(slots);
    }

    bool pooled_;
    std::int32_t inputs_;
    std::int32_t outputs_;
    std::int32_t bins_;
    std::vector<PoolGrid> grids_;
    DeviceArray<PoolGrid> on_device_;
    std::optional<Convolution3x3> convolution_; /* of more than one channel */
    DeviceArray<float> single_weights_;         /* of one channel */
    DeviceArray<float> single_bias_;
    PreparedAffine narrow_;
    PreparedAffine widen_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_squeeze_excitation(const CudaPacking &packing) {
    return std::make_unique<SqueezeExcitation>(SqueezeExcitationLayer(packing), packing.arithmetic);
}

} // namespace earshot
