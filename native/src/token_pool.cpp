/*
 * EARSHOT_LAYER_TOKEN_POOL: one pass over what the convolutions leave, so plain C++ that is the same for every
 * instruction set. Sums over a row are taken in float32, those of rows in double precision.
 */
#include "adaptive_bins.h"
#include "cpu_operation.h"
#include "layers.h"
#include "row_sums.h"

namespace earshot {

namespace {

class TokenPool final : public earshot_cpu_op {
  public:
    TokenPool(const TokenPoolLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), channels_(layer.channels), tokens_(layer.tokens) {}

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, channels_});
    }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, tokens_, channels_}); }
    Index scratch_floats(const Extents &e, int) const override { return size_product({e.batch, e.frames, channels_}); }
    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        team.each(e.batch * e.frames, [&](Index row, int) {
            sum_row(a.input0 + row * e.bands * channels_, e.bands, channels_, a.scratch + row * channels_);
        });
        team.each(e.batch * tokens_, [&](Index task, int) {
            const Index token = task % tokens_;
            mean_of_rows(a.scratch + task / tokens_ * e.frames * channels_, bin_first(token, e.frames, tokens_),
                         bin_end(token, e.frames, tokens_), e.bands, channels_, a.output + task * channels_);
        });
    }

  private:
    Index channels_;
    Index tokens_;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_token_pool(const CpuPacking &packing) {
    return std::make_unique<TokenPool>(TokenPoolLayer(packing), packing.float32_kernels());
}

} // namespace earshot
