/*
 * EARSHOT_LAYER_GRU: the input's part of all gates is one product over all frames (at paper size 12 M multiply-adds);
 * what remains of a step is a product of one row and the gates (12,288 multiply-adds), clip by clip.
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

constexpr Index GATES = 3;

class Gru final : public earshot_cpu_op {
  public:
    Gru(const GruLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), inputs_(layer.inputs), hidden_(layer.hidden),
          padded_(round_up(hidden_, kernels.width)) {
        input_weight_ = panels(layer.input_weight, inputs_);
        state_weight_ = panels(layer.state_weight, hidden_);
        input_bias_ = gates(layer.input_bias);
        state_bias_ = gates(layer.state_bias);
    }

    void check(const Extents &e) const override {
        if (inputs_ % e.bands != 0) {
            fail("shape: " + std::to_string(e.bands) + " bands; expected a divisor of " + std::to_string(inputs_));
        }
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, inputs_}); }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, e.frames, hidden_}); }
    Index scratch_floats(const Extents &e, int threads) const override {
        return Scratch(*this, e, threads, nullptr).carver.floats();
    }

    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        const Scratch scratch(*this, e, team.threads(), a.scratch);
        const Index row = GATES * padded_;
        each_block(e.batch * e.frames, BLOCK_ROWS, team, [&](Index from, Index to, int) {
            kernels.matrix_product({a.input0 + from * inputs_, inputs_, inputs_, to - from, input_weight_, input_bias_,
                                    row, scratch.gates + from * row, row, nullptr, 0});
        });
        team.each(e.batch, [&](Index b, int thread) {
            float *mine = scratch.threads + thread * (row + padded_);
            float *state = mine + row;
            std::fill_n(state, padded_, 0.0F);
            for (Index t = b * e.frames; t < (b + 1) * e.frames; ++t) {
                kernels.matrix_product(
                    {state, padded_, hidden_, 1, state_weight_, state_bias_, row, mine, row, nullptr, 0});
                kernels.gru_step(scratch.gates + t * row, mine, padded_, state);
                std::copy_n(state, hidden_, a.output + t * hidden_);
            }
        });
    }

  private:
    struct Scratch {
        Carver carver;
        float *gates;   /* the input's part: [batch, frames, 3, P(H)] */
        float *threads; /* the state's part and the state: [4, P(H)] each */

        Scratch(const Gru &gru, const Extents &e, int count, float *base) : carver(base) {
            gates = carver.take(size_product({e.batch, e.frames, GATES, gru.padded_}));
            threads = carver.take(size_product({count, GATES + 1, gru.padded_}));
        }
    };

    /* Weight [3H, inputs] to panels of 3 P(H) columns. */
    const float *panels(const float *from, Index inputs) {
        const Index columns = GATES * padded_;
        float *to = packer_.zeros(packed_floats(kernels, 1, inputs, columns));
        pack_panels(kernels, 1, inputs, columns, columns, to, [&](Index k, Index j) {
            const Index unit = j % padded_;
            return unit < hidden_ ? from[(j / padded_ * hidden_ + unit) * inputs + k] : 0.0F;
        });
        return to;
    }

    /* [3H] to [3, P(H)]. */
    const float *gates(const float *from) {
        float *to = packer_.zeros(GATES * padded_);
        for (Index gate = 0; gate < GATES; ++gate) {
            std::copy_n(from + gate * hidden_, hidden_, to + gate * padded_);
        }
        return to;
    }

    Index inputs_;
    Index hidden_;
    Index padded_;
    WeightPacker packer_{kernels};
    const float *input_weight_ = nullptr;
    const float *state_weight_ = nullptr;
    const float *input_bias_ = nullptr;
    const float *state_bias_ = nullptr;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_gru(const CpuPacking &packing) {
    return std::make_unique<Gru>(GruLayer(packing), packing.float32_kernels());
}

} // namespace earshot
