/*
 * EARSHOT_LAYER_RESIDUAL_SEPARABLE: a thread takes a range of pooled rows. It computes the first convolution with its
 * ReLU a dozen rows at a time into a plane that stays in L2; then, for each pooled row, two rows of depthwise
 * convolution, and of one product for pointwise convolution and shortcut, which stay in L1 until they are pooled. The
 * two rows that neighbouring ranges share are computed in both.
 */
#include <algorithm>

#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"
#include "panels.h"
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
        bias_ = packer_.padded(layer.pointwise_bias, outputs);
        if (layer.projects) {
            both_ = projection(layer);
            projected_ = inputs;
            const float *shortcut = packer_.padded(layer.shortcut_bias, outputs);
            float *sum = packer_.zeros(padded_);
            std::transform(bias_, bias_ + padded_, shortcut, sum, [](float x, float y) { return x + y; });
            bias_ = sum;
        } else {
            both_ = packer_.panels(layer.pointwise, outputs, outputs);
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
        return size_product({threads, Scratch(*this, e, nullptr).floats()});
    }

    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        const Index pooled = e.frames / 2;
        const Index strips = (pooled + STRIP_ROWS - 1) / STRIP_ROWS;
        const Index tasks =
            std::max<Index>(1, std::min(Index{TASKS} * team.threads(), strips * PATCH_FRAMES / BLOCK_ROWS));
        for (Index b = 0; b < e.batch; ++b) {
            const float *x = a.input0 + b * e.frames * e.bands * convolution_.inputs;
            float *output = a.output + b * pooled * (e.bands / 2) * convolution_.outputs;
            team.each(tasks, [&](Index task, int thread) {
                const Index from = strips * task / tasks * STRIP_ROWS;
                const Index to = std::min(strips * (task + 1) / tasks * STRIP_ROWS, pooled);
                const Index floats = Scratch(*this, e, nullptr).floats();
                pooled_rows(x, from, to, output, e, Scratch(*this, e, a.scratch + thread * floats));
            });
        }
    }

  private:
    /* Ranges of rows for each thread: few, as their neighbours compute two rows again, but more than one, as threads
     * are not equally fast. */
    static constexpr int TASKS = 2;
    /* Pooled rows of a strip of patches (kernels/winograd.h): ranges begin at multiples of it. */
    static constexpr Index STRIP_ROWS = PATCH_FRAMES / 2;
    /* Rows of the plane that are left from the block before. */
    static constexpr Index KEPT = 2;

    /* What a thread needs. */
    struct Scratch {
        Carver carver;
        float *convolution; /* of the convolution's kernel */
        float *outside;     /* a row beyond the clip's ends */
        float *plane;       /* what the depthwise convolution reads: [KEPT + BLOCK_ROWS, 1 + bands + 1, P(O)] */
        float *operands;    /* what the product reads: [2, bands, operand_step] */
        float *sums;        /* [2, bands, P(O)] */

        Scratch(const ResidualSeparable &layer, const Extents &e, float *base) : carver(base) {
            convolution = carver.take(layer.kernels.convolution_scratch(layer.convolution_, e.bands));
            outside = carver.take(layer.plane_row(e));
            plane = carver.take(size_product({KEPT + BLOCK_ROWS, layer.plane_row(e)}));
            operands = carver.take(size_product({2, e.bands, layer.operand_step()}));
            sums = carver.take(size_product({2, e.bands, layer.padded_}));
        }

        /* A multiple of a line of the cache. */
        Index floats() const { return round_up(carver.floats(), 16); }
    };

    Index plane_row(const Extents &e) const { return size_product({e.bands + 2, padded_}); }
    Index operand_step() const { return round_up(padded_ + projected_, kernels.width); }

    /* Weights of the product of [depthwise result, P(O)] and input, side by side. */
    const float *projection(const ResidualSeparableLayer &layer) {
        const Index outputs = layer.outputs;
        const Index inputs = layer.inputs;
        const Index depth = padded_ + inputs;
        float *to = packer_.zeros(packed_floats(kernels, 1, depth, padded_));
        pack_panels(kernels, 1, depth, outputs, padded_, to, [&](Index k, Index j) {
            if (k < padded_) {
                return k < outputs ? layer.pointwise[j * outputs + k] : 0.0F;
            }
            return layer.shortcut[j * inputs + k - padded_];
        });
        return to;
    }

    void pooled_rows(const float *x, Index from, Index to, float *output, const Extents &e, const Scratch &s) const {
        const Index row = plane_row(e);
        std::fill_n(s.outside, row, 0.0F);
        for (Index i = 0; i < KEPT + BLOCK_ROWS; ++i) {
            std::fill_n(s.plane + i * row, padded_, 0.0F);
            std::fill_n(s.plane + (i + 1) * row - padded_, padded_, 0.0F);
        }
        /* The first row that is read. Ranges begin at multiples of STRIP_ROWS, so that patches are the same wherever
         * they end; the first patch begins a row before the clip, and leaves there what nothing reads. */
        const Index above = 2 * from - 1;
        const Index last = std::min(2 * to + 1, e.frames);
        Index first = above; /* the frame of the plane's first row */
        Index end = above;   /* of the frames that have been computed; odd, so that the last two are what is kept */
        for (Index t = from; t < to;) {
            if (end > above) {
                std::copy_n(s.plane + (end - KEPT - first) * row, KEPT * row, s.plane);
                first = end - KEPT;
            }
            const Index start = end;
            end = std::min(end + BLOCK_ROWS, last);
            kernels.convolution_rows(convolution_, {x, e.frames, e.bands, s.plane + padded_, first, row, padded_, true},
                                     start, end, s.convolution);
            for (; t < to && (2 * t + 2 < end || end == e.frames); ++t) {
                pooled_row(x, t, first, output + t * (e.bands / 2) * convolution_.outputs, e, s);
            }
        }
    }

    void pooled_row(const float *x, Index t, Index first, float *output, const Extents &e, const Scratch &s) const {
        const Index row = plane_row(e);
        const Index inputs = convolution_.inputs;
        const Index outputs = convolution_.outputs;
        const Index used = e.bands / 2 * 2;
        const auto plane = [&](Index frame) {
            return frame < 0 || frame >= e.frames ? s.outside : s.plane + (frame - first) * row;
        };
        const float *input[] = {x + 2 * t * e.bands * inputs, x + (2 * t + 1) * e.bands * inputs};
        kernels.depthwise_rows({{plane(2 * t - 1), plane(2 * t), plane(2 * t + 1), plane(2 * t + 2)},
                                used,
                                padded_,
                                depthwise_,
                                s.operands,
                                operand_step(),
                                {input[0], input[1]},
                                projected_});
        float *lower = s.sums + used * padded_;
        ProductRun product = {
            s.operands, operand_step(), padded_ + projected_, 2 * used, both_, bias_, outputs, s.sums, padded_, nullptr,
            0};
        if (projected_ == 0) {
            product.depth = outputs;
            product.rows = used;
            product.r = input[0];
            product.ldr = inputs;
            kernels.matrix_product(product);
            product.a += used * operand_step();
            product.c = lower;
            product.r = input[1];
        }
        kernels.matrix_product(product);
        kernels.pool_row(s.sums, lower, padded_, e.bands / 2, outputs, output);
    }

    Index padded_;
    WeightPacker packer_{kernels};
    Convolution3x3 convolution_ = {};
    const float *depthwise_ = nullptr;
    const float *both_ = nullptr; /* pointwise convolution and shortcut */
    const float *bias_ = nullptr; /* of both */
    Index projected_ = 0;         /* inputs that the product reads; 0 for the identity as shortcut */
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_residual_separable(const CpuPacking &packing) {
    return std::make_unique<ResidualSeparable>(ResidualSeparableLayer(packing), packing.float32_kernels());
}

} // namespace earshot
