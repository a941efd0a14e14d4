/* EARSHOT_LAYER_SQUEEZE_EXCITATION: convolution with its squeeze, the gate, and gate, ReLU and pooling in one pass. */
#include <algorithm>

#include "internal.h"

namespace earshot {

namespace {

constexpr Index kFixedNumbers = 5;

class SqueezeExcitation final : public earshot_cpu_op {
  public:
    explicit SqueezeExcitation(const CpuPacking &packing)
        : earshot_cpu_op(packing.float32_kernels()), pooled_(packing.numbers[3] == 1),
          scales_(packing.numbers + kFixedNumbers, packing.numbers + packing.number_count) {
        const Index inputs = packing.numbers[0];
        const Index outputs = packing.numbers[1];
        const Index hidden = packing.numbers[2];
        for (const std::int32_t k : scales_) {
            bins_ = size_sum({bins_, size_product({k, k})});
        }
        const Index squeezed = size_product({bins_, outputs});
        const Index convolution = size_product({outputs, inputs, 9});
        WeightReader reader(packing, size_sum({convolution, outputs, size_product({hidden, squeezed}),
                                               size_product({outputs, hidden})}));
        const float *weight = reader.take(convolution);
        convolution_ = packer_.convolution(weight, reader.take(outputs), outputs, inputs);
        narrow_ = {packer_.copied(reader.take(hidden * squeezed), hidden * squeezed), nullptr, squeezed, hidden};
        widen_ = {packer_.copied(reader.take(outputs * hidden), outputs * hidden), nullptr, hidden, outputs};
    }

    void check(const Extents &e) const override {
        require(!pooled_ || (e.frames >= 2 && e.bands >= 2), "shape: fewer frames or bands than the pooling takes, 2");
    }
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, convolution_.inputs});
    }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames / step(), e.bands / step(), convolution_.outputs});
    }
    Index scratch_floats(const Extents &e, int threads) const override {
        return Scratch(*this, e, threads, nullptr).carver.floats();
    }

    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        const Scratch scratch(*this, e, team.threads(), a.scratch);
        const Index plane = e.frames * e.bands;
        for (Index b = 0; b < e.batch; ++b) {
            float *output = a.output + b * (e.frames / step()) * (e.bands / step()) * convolution_.outputs;
            run_clip(a.input0 + b * plane * convolution_.inputs, output, e, scratch, team);
        }
    }

  private:
    struct Scratch {
        Carver carver;
        float *z;        /* [frames, bands, O]; null where it fits into the output */
        float *sums;     /* of each block, [blocks, bins, O] */
        float *squeezed; /* [bins * O] */
        float *hidden;
        float *gate; /* [O] */
        Index per_thread;
        float *threads;

        Scratch(const SqueezeExcitation &layer, const Extents &e, int count, float *base)
            : carver(base), per_thread(round_up(layer.kernels.convolution_scratch(layer.convolution_, e.bands), 16)) {
            const Index outputs = layer.convolution_.outputs;
            z = layer.pooled_ ? carver.take(size_product({e.frames, e.bands, outputs})) : nullptr;
            sums = carver.take(size_product({blocks(e), layer.bins_, outputs}));
            squeezed = carver.take(layer.narrow_.inputs);
            hidden = carver.take(layer.narrow_.outputs);
            gate = carver.take(outputs);
            threads = carver.take(size_product({count, per_thread}));
        }
    };

    static Index blocks(const Extents &e) { return (e.frames + kBlockRows - 1) / kBlockRows; }
    /* Frames and bands that become one. */
    Index step() const { return pooled_ ? 2 : 1; }

    void run_clip(const float *x, float *output, const Extents &e, const Scratch &scratch, Team &team) const {
        const Index channels = convolution_.outputs;
        const Index row = e.bands * channels;
        float *z = pooled_ ? scratch.z : output;
        const ConvolutionRun convolution = {x, e.frames, e.bands, z, row, channels, false};
        const SqueezeRun squeeze = {
            z, e.frames, e.bands, channels, scales_.data(), static_cast<Index>(scales_.size())};
        each_block(e.frames, kBlockRows, team, [&](Index from, Index to, int thread) {
            kernels.convolution_rows(convolution_, convolution, from, to,
                                     scratch.threads + thread * scratch.per_thread);
            kernels.squeeze_rows(squeeze, from, to, scratch.sums + from / kBlockRows * bins_ * channels);
        });
        excite(e, scratch);
        each_block(e.frames / step(), kBlockRows, team, [&](Index from, Index to, int) {
            for (Index t = from; t < to; ++t) {
                if (pooled_) {
                    const float *upper = z + 2 * t * row;
                    kernels.gate_pool_row(upper, upper + row, channels, e.bands / 2, channels, scratch.gate,
                                          output + t * (e.bands / 2) * channels);
                } else {
                    kernels.gate_row(z + t * row, e.bands, channels, scratch.gate);
                }
            }
        });
    }

    /* The gate out of the blocks' sums. */
    void excite(const Extents &e, const Scratch &scratch) const {
        const Index channels = convolution_.outputs;
        Index first = 0; /* bin of the scale */
        for (const std::int32_t k : scales_) {
            for (Index bin = 0; bin < Index{k} * k; ++bin) {
                const Index rows = bin_end(bin / k, e.frames, k) - bin_first(bin / k, e.frames, k);
                const Index bands = bin_end(bin % k, e.bands, k) - bin_first(bin % k, e.bands, k);
                for (Index c = 0; c < channels; ++c) {
                    double total = 0;
                    for (Index block = 0; block < blocks(e); ++block) {
                        total += static_cast<double>(scratch.sums[(block * bins_ + first + bin) * channels + c]);
                    }
                    scratch.squeezed[first * channels + c * k * k + bin] =
                        static_cast<float>(total / (static_cast<double>(rows) * static_cast<double>(bands)));
                }
            }
            first += Index{k} * k;
        }
        for (Index i = 0; i < narrow_.outputs; ++i) {
            scratch.hidden[i] = static_cast<float>(std::max(0.0, narrow_(scratch.squeezed, i)));
        }
        for (Index c = 0; c < channels; ++c) {
            scratch.gate[c] = static_cast<float>(sigmoid(widen_(scratch.hidden, c)));
        }
    }

    bool pooled_;
    std::vector<std::int32_t> scales_;
    Index bins_ = 0;
    WeightPacker packer_{kernels};
    Convolution3x3 convolution_ = {};
    Affine narrow_ = {};
    Affine widen_ = {};
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_squeeze_excitation(const CpuPacking &packing) {
    if (packing.number_count < kFixedNumbers) {
        packing.require_numbers(kFixedNumbers + 1);
    }
    require(packing.numbers != nullptr, "numbers: null");
    const std::int32_t *n = packing.numbers;
    require(n[0] >= 1 && n[1] >= 1 && n[2] >= 1, "inputs, outputs, hidden: expected at least 1 each");
    require(n[3] == 0 || n[3] == 1, "pooled: expected 0 or 1");
    require(n[4] >= 1, "scales: expected at least one");
    packing.require_numbers(kFixedNumbers + std::int64_t{n[4]});
    for (Index i = 0; i < n[4]; ++i) {
        require(n[kFixedNumbers + i] >= 1, "scales: expected at least 1 each");
    }
    return std::make_unique<SqueezeExcitation>(packing);
}

} // namespace earshot
