/* EARSHOT_LAYER_SQUEEZE_EXCITATION: convolution with its squeeze, the gate, and gate, ReLU and pooling in one pass. */
#include <algorithm>

#include "affine.h"
#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"
#include "row_blocks.h"

namespace earshot {

namespace {

class SqueezeExcitation final : public earshot_cpu_op {
  public:
    SqueezeExcitation(const SqueezeExcitationLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), pooled_(layer.pooled), scales_(layer.scales), bins_(layer.bins) {
        const Index outputs = layer.outputs;
        const Index hidden = layer.hidden;
        const Index squeezed = bins_ * outputs;
        convolution_ = packer_.convolution(layer.convolution, layer.bias, outputs, layer.inputs);
        narrow_ = {packer_.copied(layer.narrow, hidden * squeezed), nullptr, squeezed, hidden};
        widen_ = {packer_.copied(layer.widen, outputs * hidden), nullptr, hidden, outputs};
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

    static Index blocks(const Extents &e) { return (e.frames + BLOCK_ROWS - 1) / BLOCK_ROWS; }
    /* Frames and bands that become one. */
    Index step() const { return pooled_ ? 2 : 1; }

    void run_clip(const float *x, float *output, const Extents &e, const Scratch &scratch, Team &team) const {
        const Index channels = convolution_.outputs;
        const Index row = e.bands * channels;
        float *z = pooled_ ? scratch.z : output;
        const ConvolutionRun convolution = {x, e.frames, e.bands, z, 0, row, channels, false};
        const SqueezeRun squeeze = {z, e.frames, e.bands, channels, scales_.data(), static_cast<Index>(scales_.size())};
        each_block(e.frames, BLOCK_ROWS, team, [&](Index from, Index to, int thread) {
            kernels.convolution_rows(convolution_, convolution, from, to,
                                     scratch.threads + thread * scratch.per_thread);
            kernels.squeeze_rows(squeeze, from, to, scratch.sums + from / BLOCK_ROWS * bins_ * channels);
        });
        excite(e, scratch);
        each_block(e.frames / step(), BLOCK_ROWS, team, [&](Index from, Index to, int) {
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
    Index bins_;
    WeightPacker packer_{kernels};
    Convolution3x3 convolution_ = {};
    Affine narrow_ = {};
    Affine widen_ = {};
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_squeeze_excitation(const CpuPacking &packing) {
    return std::make_unique<SqueezeExcitation>(SqueezeExcitationLayer(packing), packing.float32_kernels());
}

} // namespace earshot
