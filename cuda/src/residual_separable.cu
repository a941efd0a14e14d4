/*
 * EARSHOT_LAYER_RESIDUAL_SEPARABLE: convolution, depthwise convolution, one product, pooling.
 *
 * Idea: the ReLU behind the convolution is applied when the depthwise convolution reads; pointwise convolution and
 * shortcut are one product of two sources, so that their sum is made in registers; the last ReLU is applied when the
 * pooling reads. Depthwise: a thread has four channels of one position, the nine rows it reads come from L1.
 *
 * Bytes (32 to 64 channels at 250 x 32, one clip): x 1 MB read 1.6 times and once more, three planes of 2 MB written
 * and read (the depthwise convolution's input 9 times, from L1), 0.5 MB written, all in L2. Flops: 0.30 G convolution,
 * 9 M depthwise, 0.10 G product. Limit on an H200: the flops of float32, 6 us at 67 TFLOP/s, and four launches.
 */
#include "convolution3x3.h"
#include "pooling.h"
#include "product.h"
#include "vectors.h"

namespace earshot {

namespace {

constexpr int THREADS = 256;
constexpr int TAPS = 9;

struct Depthwise {
    std::int64_t batch;
    std::int64_t frames;
    std::int64_t bands;
    std::int32_t channels;
    Span<const float> weights; /* [3, 3, C] */
    Span<const float> x;
    Span<float> out;
};

/* out = weights * relu(x), N channels of one position a thread. */
template <int N> __global__ void __launch_bounds__(THREADS) depthwise_kernel(Depthwise d) {
    begin_kernel();
    const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * THREADS + threadIdx.x) * N;
    const std::int64_t clip = blockIdx.y;
    const std::int64_t values = d.frames * d.bands * d.channels;
    if (i >= values) {
        return;
    }
    const std::int64_t channel = i % d.channels;
    const std::int64_t band = i / d.channels % d.bands;
    const std::int64_t frame = i / d.channels / d.bands;
    Vector<float, N> y = {};
#pragma unroll
    for (int tap = 0; tap < TAPS; ++tap) {
        const std::int64_t t = frame + tap / 3 - 1;
        const std::int64_t f = band + tap % 3 - 1;
        if (t >= 0 && t < d.frames && f >= 0 && f < d.bands) {
            const Vector<float, N> x = d.x.load<N>(((clip * d.frames + t) * d.bands + f) * d.channels + channel);
            const Vector<float, N> w = d.weights.load<N>(static_cast<std::int64_t>(tap) * d.channels + channel);
#pragma unroll
            for (int k = 0; k < N; ++k) {
                y.v[k] = fmaf(w.v[k], relu(x.v[k]), y.v[k]);
            }
        }
    }
    d.out.store<N>(clip * values + i, y);
}

cudaError_t enqueue_depthwise(const Depthwise &d, cudaStream_t stream) {
    const bool vector = in_fours(d.channels, {d.weights.data(), d.x.data(), d.out.data()});
    const std::int64_t values = d.frames * d.bands * d.channels;
    const dim3 grid(static_cast<unsigned>(divide_up(values, (vector ? 4 : 1) * THREADS)),
                    static_cast<unsigned>(d.batch));
    return launch("depthwise convolution", vector ? depthwise_kernel<4> : depthwise_kernel<1>, grid, dim3(THREADS), 0,
                  stream, d);
}

/* [C, 1, 3, 3] to [3, 3, C]. */
std::vector<float> taps_first(const float *weights, std::int32_t channels) {
    std::vector<float> turned;
    for (Index tap = 0; tap < TAPS; ++tap) {
        for (Index channel = 0; channel < channels; ++channel) {
            turned.push_back(weights[channel * TAPS + tap]);
        }
    }
    return turned;
}

HostMatrix matrix_of(const float *weights, std::int32_t columns, std::int32_t width) {
    return {columns, width, std::vector<float>(weights, weights + Index{columns} * width)};
}

std::vector<std::uint32_t> pack_join(const ResidualSeparableLayer &layer, Arithmetic arithmetic) {
    std::vector<HostMatrix> sources = {matrix_of(layer.pointwise, layer.outputs, layer.outputs)};
    if (layer.projects) {
        sources.push_back(matrix_of(layer.shortcut, layer.outputs, layer.inputs));
    }
    return pack_product({sources}, arithmetic);
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
        : projects_(layer.projects), arithmetic_(block_arithmetic(layer.inputs, arithmetic)),
          convolution_(layer.convolution, layer.bias, layer.inputs, layer.outputs, arithmetic_),
          depthwise_(taps_first(layer.depthwise, layer.outputs)), join_(pack_join(layer, arithmetic_)),
          join_bias_(sum_of_biases(layer)) {}

    void check(const Extents &e) const override {
        require(e.frames >= 2 && e.bands >= 2, "shape: fewer frames or bands than the pooling takes, 2");
        Convolution3x3::check(e);
    }
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, convolution_.inputs()});
    }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames / 2, e.bands / 2, convolution_.outputs()});
    }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const std::int32_t inputs = convolution_.inputs();
        const std::int32_t outputs = convolution_.outputs();
        const Scratch s = scratch(a);
        earshot::check(convolution_.enqueue(e, a.input0, s.plane, a.stream), "convolution");
        earshot::check(
            enqueue_depthwise({e.batch, e.frames, e.bands, outputs, depthwise_.span(), s.plane, s.mixed}, a.stream),
            "depthwise convolution");
        Product p = {};
        p.rows = e.positions();
        p.columns = outputs;
        p.groups = 1;
        p.source[0] = {s.mixed, outputs, outputs};
        const Rows x = {a.input0, inputs, inputs};
        (projects_ ? p.source[1] : p.residual) = x;
        p.weights = join_.span();
        p.bias = join_bias_.span();
        p.out = s.plane;
        p.out_stride = outputs;
        earshot::check(earshot::enqueue(p, arithmetic_, a.stream), "pointwise convolution and shortcut");
        earshot::check(
            earshot::enqueue(GatedPool{e.batch, e.frames, e.bands, outputs, true, s.plane, {}, {}, a.output},
                                       device().multiprocessors, a.stream),
            "pooling");
    }

  private:
    struct Scratch {
        Span<float> plane; /* of the convolution, then of the product */
        Span<float> mixed;
    };

    Scratch carve(Carver &carver, const Extents &e) const {
        const Index plane = size_product({e.batch, e.frames, e.bands, convolution_.outputs()});
        Scratch s;
        s.plane = carver.take(plane);
        s.mixed = carver.take(plane);
        return s;
    }

    bool projects_;
    Arithmetic arithmetic_;
    Convolution3x3 convolution_;
    DeviceArray<float> depthwise_;
    DeviceArray<std::uint32_t> join_;
    DeviceArray<float> join_bias_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_residual_separable(const Packing &packing, Arithmetic arithmetic) {
    return std::make_unique<ResidualSeparable>(ResidualSeparableLayer(packing), arithmetic);
}

} // namespace earshot
