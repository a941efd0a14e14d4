/*
 * EARSHOT_LAYER_SQUEEZE_EXCITATION: convolution, squeeze and pooling of a block of rows while they are in L2, then the
 * gate over what is left. As a gate is not negative, the mean of ReLUs of gated numbers is the gated mean of their ReLUs:
 * where the layer pools, a quarter of the convolution's output is all that is written.
 */
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
        float *sums;     /* of each block, [blocks, bins, O] */
        float *squeezed; /* [bins * O] */
        float *hidden;
        float *gate; /* [O] */
        Index row;   /* of the convolution's output, in floats */
        Index rows;  /* floats of a thread's rows of it, before what the convolution needs */
        Index per_thread;
        float *threads;

        Scratch(const SqueezeExcitation &layer, const Extents &e, int count, float *base)
            : carver(base), row(size_product({e.bands, layer.convolution_.outputs}) + (layer.pooled_ ? ROW_APART : 0)),
              rows(layer.pooled_ ? round_up(size_product({BLOCK_ROWS, row}), 16) : 0),
              per_thread(rows + round_up(layer.kernels.convolution_scratch(layer.convolution_, e.bands), 16)) {
            const Index outputs = layer.convolution_.outputs;
            sums = carver.take(size_product({blocks(e), layer.bins_, outputs}));
            squeezed = carver.take(layer.narrow_.inputs);
            hidden = carver.take(layer.narrow_.outputs);
            gate = carver.take(outputs);
            threads = carver.take(size_product({count, per_thread}));
        }
    };

    /* Between rows, which would fall into one set of the cache where they are a multiple of 4 KB long. */
    static constexpr Index ROW_APART = 16;

    static Index blocks(const Extents &e) { return (e.frames + BLOCK_ROWS - 1) / BLOCK_ROWS; }
    /* Frames and bands that become one. */
    Index step() const { return pooled_ ? 2 : 1; }

    void run_clip(const float *x, float *output, const Extents &e, const Scratch &scratch, Team &team) const {
        const Index channels = convolution_.outputs;
        const Index row = scratch.row;
        const Index frames = e.frames / step();
        const Index bands = e.bands / step();
        static_assert(BLOCK_ROWS % 2 == 0, "rows that are pooled lie in one block");
        each_block(e.frames, BLOCK_ROWS, team, [&](Index from, Index to, int thread) {
            float *own = scratch.threads + thread * scratch.per_thread;
            float *z = pooled_ ? own : output + from * row;
            kernels.convolution_rows(convolution_, {x, e.frames, e.bands, z, from, row, channels, false}, from, to,
                                     own + scratch.rows);
            kernels.squeeze_rows(
                {z, from, row, e.frames, e.bands, channels, scales_.data(), static_cast<Index>(scales_.size())}, from,
                to, scratch.sums + from / BLOCK_ROWS * bins_ * channels);
            for (Index t = from / 2; pooled_ && t < to / 2; ++t) {
                const float *upper = z + (2 * t - from) * row;
                kernels.pool_row(upper, upper + row, channels, bands, channels, output + t * bands * channels);
            }
        });
        excite(e, scratch);
        each_block(frames, BLOCK_ROWS, team, [&](Index from, Index to, int) {
            for (Index t = from; t < to; ++t) {
                kernels.gate_row(output + t * bands * channels, bands, channels, scratch.gate);
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
