/* EARSHOT_LAYER_TRANSFORMER: a task for each clip, whose few tokens stay in L1 and L2. */
#include <algorithm>

#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"
#include "weight_packer.h"

namespace earshot {

namespace {

class Transformer final : public earshot_cpu_op {
  public:
    Transformer(const TransformerLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), width_(layer.width), heads_(layer.heads) {
        in_ = packed({layer.in, layer.in_bias, width_, 3 * width_});
        out_ = packed({layer.out, layer.out_bias, width_, width_});
        widen_ = packed({layer.widen, layer.widen_bias, width_, layer.hidden});
        narrow_ = packed({layer.narrow, layer.narrow_bias, layer.hidden, width_});
        for (int norm = 0; norm < 2; ++norm) {
            scale_[norm] = packer_.copied(layer.scale[norm], width_);
            shift_[norm] = packer_.copied(layer.shift[norm], width_);
        }
    }

    void check(const Extents &e) const override { require(e.bands == 1, "shape: expected bands 1 for tokens"); }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, width_}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }
    Index scratch_floats(const Extents &e, int threads) const override {
        return size_product({threads, per_thread(e)});
    }

    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        const Index clip = e.frames * width_;
        team.each(e.batch, [&](Index b, int thread) {
            run_clip(a.input0 + b * clip, a.output + b * clip, e,
                     Scratch(*this, e, a.scratch + thread * per_thread(e)));
        });
    }

  private:
    struct Map {
        const float *weight, *bias;
        Index inputs, outputs;
    };

    struct Scratch {
        Carver carver;
        float *qkv, *attended, *x, *hidden, *scores;

        Scratch(const Transformer &layer, const Extents &e, float *base) : carver(base) {
            qkv = carver.take(size_product({e.frames, layer.in_.outputs}));
            attended = carver.take(size_product({e.frames, layer.width_}));
            x = carver.take(size_product({e.frames, layer.width_}));
            hidden = carver.take(size_product({e.frames, layer.widen_.outputs}));
            scores = carver.take(e.frames);
        }
    };

    Index per_thread(const Extents &e) const { return Scratch(*this, e, nullptr).carver.floats(); }

    Map packed(const Map &map) {
        const float *weight = packer_.panels(map.weight, map.outputs, map.inputs);
        return {weight, packer_.padded(map.bias, map.outputs), map.inputs, map.outputs};
    }

    void apply(const Map &map, const float *x, Index rows, float *y) const {
        kernels.matrix_product(
            {x, map.inputs, map.inputs, rows, map.weight, map.bias, map.outputs, y, map.outputs, nullptr, 0});
    }

    void run_clip(const float *input, float *output, const Extents &e, const Scratch &s) const {
        const Index tokens = e.frames;
        apply(in_, input, tokens, s.qkv);
        kernels.attention({s.qkv, in_.outputs, tokens, width_, heads_, s.scores, s.attended, width_});
        apply(out_, s.attended, tokens, output);
        add_and_norm(input, output, tokens, scale_[0], shift_[0], s.x);
        apply(widen_, s.x, tokens, s.hidden);
        for (Index i = 0; i < tokens * widen_.outputs; ++i) {
            s.hidden[i] = s.hidden[i] < 0.0F ? 0.0F : s.hidden[i];
        }
        apply(narrow_, s.hidden, tokens, s.attended);
        add_and_norm(s.x, s.attended, tokens, scale_[1], shift_[1], output);
    }

    void add_and_norm(const float *a, const float *b, Index tokens, const float *scale, const float *shift,
                      float *to) const {
        for (Index i = 0; i < tokens; ++i) {
            kernels.residual_norm(a + i * width_, b + i * width_, width_, scale, shift, to + i * width_);
        }
    }

    Index width_;
    Index heads_;
    WeightPacker packer_{kernels};
    Map in_ = {}, out_ = {}, widen_ = {}, narrow_ = {};
    const float *scale_[2] = {}, *shift_[2] = {}; /* of the two norms */
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_transformer(const CpuPacking &packing) {
    return std::make_unique<Transformer>(TransformerLayer(packing), packing.float32_kernels());
}

} // namespace earshot
