/*
 * EARSHOT_LAYER_SQUEEZE_EXCITATION: convolution, pools of its output, gate, and one pass that applies it.
 *
 * Idea: what depends on the whole clip stands between two passes over the convolution's output z, which stays in L2.
 * The gate is a small perceptron: one block a clip joins the parts of the pools and runs both layers, a warp a number;
 * between its steps numbers go through global memory, so that no size is too great for it.
 *
 * Bytes (64 to 64 channels at 500 x 64, one clip, scales 1, 2, 3): x 8 MB read 1.6 times, z 8 MB written and read 4
 * times, 2 MB written, nearly all in L2. Flops: 2.4 G. Limit on an H200: the convolution's flops of float32, 35 us at
 * 67 TFLOP/s, less with tensor cores; the rest 12 us.
 */
#include <algorithm>

#include "affine.h"
#include "convolution3x3.h"
#include "pooling.h"

namespace earshot {

namespace {

constexpr int THREADS = 512;
constexpr int WARPS = THREADS / 32;

struct Gate {
    std::int32_t channels;
    std::int32_t bins;
    std::int32_t parts;
    Span<const PoolGrid> grids;
    Span<const float> pools; /* [B, parts, bins, C] */
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
    for (int grid = 0; begin < values; ++grid) {
        /* A grid's bins are read channel by channel, bins of a channel side by side. */
        const std::int64_t bins = g.grids[grid].rows * g.grids[grid].columns;
        for (std::int64_t i = threadIdx.x; i < bins * g.channels; i += THREADS) {
            float sum = 0.0F;
            for (int part = 0; part < g.parts; ++part) {
                sum += g.pools[(clip * g.parts + part) * values + begin + i];
            }
            g.squeezed[clip * values + begin + i % g.channels * bins + i / g.channels] = sum;
        }
        begin += bins * g.channels;
    }
    __syncthreads();
    for (int i = warp; i < g.narrow.outputs; i += WARPS) {
        const float y = affine(g.narrow, i, [&](int k) { return g.squeezed[clip * values + k]; });
        if (lane == 0) {
            g.hidden[clip * g.narrow.outputs + i] = y;
        }
    }
    __syncthreads();
    for (int i = warp; i < g.channels; i += WARPS) {
        const float y = affine(g.widen, i, [&](int k) { return g.hidden[clip * g.narrow.outputs + k]; });
        if (lane == 0) {
            g.gate[clip * g.channels + i] = sigmoid(y);
        }
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
        : pooled_(layer.pooled), bins_(countable_bins(layer)),
          convolution_(layer.convolution, layer.bias, layer.inputs, layer.outputs,
                       block_arithmetic(layer.inputs, arithmetic)),
          grids_(grids_of(layer)), narrow_(layer.narrow, nullptr, bins_ * layer.outputs, layer.hidden, true),
          widen_(layer.widen, nullptr, layer.hidden, layer.outputs, false) {}

    void check(const Extents &e) const override {
        require(!pooled_ || (e.frames >= 2 && e.bands >= 2), "shape: fewer frames or bands than the pooling takes, 2");
        Convolution3x3::check(e);
    }
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, convolution_.inputs()});
    }
    Index output_floats(const Extents &e) const override {
        const GatedPool last = last_pass(e);
        return size_product({e.batch, last.frames_out(), last.bands_out(), convolution_.outputs()});
    }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Scratch s = scratch(a);
        earshot::check(convolution_.enqueue(e, a.input0, s.z, a.stream), "convolution");
        const std::int32_t channels = convolution_.outputs();
        earshot::check(earshot::enqueue(AdaptivePool{e.batch, e.frames, e.bands, channels, parts(e), bins_,
                                                     grids_.span(), s.z, s.pools},
                                        a.stream),
                       "pools of the squeeze");
        earshot::check(launch("gate", gate_kernel, dim3(static_cast<unsigned>(e.batch)), dim3(THREADS), 0, a.stream,
                              Gate{channels, bins_, parts(e), grids_.span(), s.pools, narrow_.view(), widen_.view(),
                                   s.squeezed, s.hidden, s.gate}),
                       "gate");
        GatedPool last = last_pass(e);
        last.x = s.z;
        last.gate = s.gate;
        last.out = a.output;
        earshot::check(earshot::enqueue(last, a.stream), "gated pool");
    }

  private:
    struct Scratch {
        Span<float> z;
        Span<float> pools;
        Span<float> squeezed;
        Span<float> hidden;
        Span<float> gate;
    };

    Scratch carve(Carver &carver, const Extents &e) const {
        Scratch s;
        s.z = carver.take(size_product({e.batch, e.frames, e.bands, convolution_.outputs()}));
        s.pools = carver.take(size_product({e.batch, parts(e), bins_, convolution_.outputs()}));
        s.squeezed = carver.take(size_product({e.batch, narrow_.inputs()}));
        s.hidden = carver.take(size_product({e.batch, narrow_.outputs()}));
        s.gate = carver.take(size_product({e.batch, convolution_.outputs()}));
        return s;
    }

    GatedPool last_pass(const Extents &e) const {
        return {e.batch, e.frames, e.bands, convolution_.outputs(), pooled_, {}, {}, {}};
    }

    /* Parts of 256 positions of the whole; smaller bins are cut into as many, which costs nothing but their joining. */
    static std::int32_t parts(const Extents &e) {
        constexpr Index MOST_PARTS = 32;
        return static_cast<std::int32_t>(std::clamp<Index>(size_product({e.frames, e.bands}) / 256, 1, MOST_PARTS));
    }

    bool pooled_;
    std::int32_t bins_;
    Convolution3x3 convolution_;
    DeviceArray<PoolGrid> grids_;
    PreparedAffine narrow_;
    PreparedAffine widen_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_squeeze_excitation(const Packing &packing, Arithmetic arithmetic) {
    return std::make_unique<SqueezeExcitation>(SqueezeExcitationLayer(packing), arithmetic);
}

} // namespace earshot
