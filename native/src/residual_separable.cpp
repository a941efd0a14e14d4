/*
 * EARSHOT_LAYER_RESIDUAL_SEPARABLE: the first convolution with its ReLU into a plane; then, for each pooled row, two
 * rows of shortcut, depthwise and pointwise convolution, which stay in L1 until they are pooled.
 */
#include <algorithm>

#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"
#include "row_blocks.h"
#include "weight_packer.h"

namespace earshot {

namespace {

class ResidualSeparable final : public earshot_cpu_op {
  public:
    ResidualSeparable(const ResidualSeparableLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), padded_(round_up(layer.outputs, kernels.width)) {
        const Index inputs = layer.inputs;
        const Index outputs = layer.outputs;
        convolution_ = packer_.convolution(layer.convolution, layer.bias, outputs, inputs);
        depthwise_ = packer_.transposed(layer.depthwise, outputs, 9);
        pointwise_ = packer_.panels(layer.pointwise, outputs, outputs);
        pointwise_bias_ = packer_.padded(layer.pointwise_bias, outputs);
        float *ones = packer_.zeros(padded_);
        std::fill_n(ones, outputs, 1.0F);
        ones_ = ones;
        if (layer.projects) {
            shortcut_ = packer_.panels(layer.shortcut, outputs, inputs);
            shortcut_bias_ = packer_.padded(layer.shortcut_bias, outputs);
        }
    }

    void check(const Extents &e) const override {
        require(e.frames >= 2 && e.bands >= 2, "shape: fewer frames or bands than the pooling takes, 2");
    }
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, convolution_.inputs});
    }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames / 2, e.bands / 2, convolution_.outputs});
    }
    Index scratch_floats(const Extents &e, int threads) const override {
        return Scratch(*this, e, threads, nullptr).carver.floats();
    }

    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        const Scratch scratch(*this, e, team.threads(), a.scratch);
        const Index row = plane_row(e);
        std::fill_n(scratch.outside, row, 0.0F);
        for (Index t = 0; t < e.frames; ++t) {
            std::fill_n(scratch.plane + t * row, padded_, 0.0F);
            std::fill_n(scratch.plane + (t + 1) * row - padded_, padded_, 0.0F);
        }
        for (Index b = 0; b < e.batch; ++b) {
            const float *x = a.input0 + b * e.frames * e.bands * convolution_.inputs;
            const ConvolutionRun convolution = {x, e.frames, e.bands, scratch.plane + padded_, row, padded_, true};
            each_block(e.frames, BLOCK_ROWS, team, [&](Index from, Index to, int thread) {
                kernels.convolution_rows(convolution_, convolution, from, to,
                                         scratch.threads + thread * scratch.per_thread);
            });
            float *output = a.output + b * (e.frames / 2) * (e.bands / 2) * convolution_.outputs;
            each_block(e.frames / 2, BLOCK_ROWS / 2, team, [&](Index from, Index to, int thread) {
                const Rows rows(*this, e, scratch.threads + thread * scratch.per_thread);
                for (Index t = from; t < to; ++t) {
                    pooled_row(x, t, output + t * (e.bands / 2) * convolution_.outputs, e, scratch, rows);
                }
            });
        }
    }

  private:
    /* What a thread needs for a pooled row. */
    struct Rows {
        Carver carver;
        float *depthwise; /* [bands, P(O)] */
        float *sums[2];   /* [bands, P(O)] */

        Rows(const ResidualSeparable &layer, const Extents &e, float *base) : carver(base) {
            depthwise = carver.take(size_product({e.bands, layer.padded_}));
            for (float *&row : sums) {
                row = carver.take(size_product({e.bands, layer.padded_}));
            }
        }
    };

    struct Scratch {
        Carver carver;
        float *outside; /* a row beyond the clip's ends */
        float *plane;   /* what the depthwise convolution reads: [frames, 1 + bands + 1, P(O)] */
        Index per_thread;
        float *threads;

        Scratch(const ResidualSeparable &layer, const Extents &e, int count, float *base)
            : carver(base), per_thread(round_up(std::max(layer.kernels.convolution_scratch(layer.convolution_, e.bands),
                                                         Rows(layer, e, nullptr).carver.floats()),
                                                16)) {
            outside = carver.take(layer.plane_row(e));
            plane = carver.take(size_product({e.frames, layer.plane_row(e)}));
            threads = carver.take(size_product({count, per_thread}));
        }
    };

    Index plane_row(const Extents &e) const { return size_product({e.bands + 2, padded_}); }

    void pooled_row(const float *x, Index t, float *output, const Extents &e, const Scratch &scratch,
                    const Rows &rows) const {
        const Index outputs = convolution_.outputs;
        for (Index half = 0; half < 2; ++half) {
            const Index frame = 2 * t + half;
            const float *above = frame > 0 ? scratch.plane + (frame - 1) * plane_row(e) : scratch.outside;
            const float *below = frame + 1 < e.frames ? scratch.plane + (frame + 1) * plane_row(e) : scratch.outside;
            const float *around[] = {above, scratch.plane + frame * plane_row(e), below};
            const Index used = e.bands / 2 * 2;
            kernels.depthwise_row(around, used, padded_, depthwise_, rows.depthwise);

            const float *input = x + frame * e.bands * convolution_.inputs;
            float *sum = rows.sums[half];
            const Index inputs = convolution_.inputs;
            ProductRun pointwise = {rows.depthwise, padded_, outputs, used,  pointwise_, pointwise_bias_,
                                    outputs,        sum,     padded_, input, inputs};
            if (shortcut_ != nullptr) {
                kernels.matrix_product(
                    {input, inputs, inputs, used, shortcut_, shortcut_bias_, outputs, sum, padded_, nullptr, 0});
                pointwise.r = sum;
                pointwise.ldr = padded_;
            }
            kernels.matrix_product(pointwise);
        }
        kernels.gate_pool_row(rows.sums[0], rows.sums[1], padded_, e.bands / 2, outputs, ones_, output);
    }

    Index padded_;
    WeightPacker packer_{kernels};
    Convolution3x3 convolution_ = {};
    const float *depthwise_ = nullptr;
    const float *pointwise_ = nullptr;
    const float *pointwise_bias_ = nullptr;
    const float *shortcut_ = nullptr; /* null for the identity */
    const float *shortcut_bias_ = nullptr;
    const float *ones_ = nullptr; /* a gate that is open */
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_residual_separable(const CpuPacking &packing) {
    return std::make_unique<ResidualSeparable>(ResidualSeparableLayer(packing), packing.float32_kernels());
}

} // namespace earshot
