/*
 * Global pool, token pool and band norm: one pass over what the convolutions leave, or over the features, so plain C++
 * that is the same for every instruction set. Sums over a row are taken in float32, those of rows in double precision.
 */
#include <algorithm>

#include "internal.h"
#include "layers.h"

namespace earshot {

namespace {

/* to[c] = the sum of x[:, c], x [bands, channels]. */
void sum_row(const float *x, Index bands, Index channels, float *to) {
    std::copy_n(x, channels, to);
    for (Index f = 1; f < bands; ++f) {
        for (Index c = 0; c < channels; ++c) {
            to[c] += x[f * channels + c];
        }
    }
}

float greater(float a, float b) {
    return a >= b || a != a ? a : b;
}

/* to[c] = the greatest of x[:, c]; a NaN wins. */
void maximum_row(const float *x, Index bands, Index channels, float *to) {
    std::copy_n(x, channels, to);
    for (Index f = 1; f < bands; ++f) {
        for (Index c = 0; c < channels; ++c) {
            to[c] = greater(to[c], x[f * channels + c]);
        }
    }
}

/* to[c] = the mean over rows first to end of sums [rows, channels], each of `bands` values. */
void mean_of_rows(const float *sums, Index first, Index end, Index bands, Index channels, float *to) {
    const double positions = static_cast<double>(end - first) * static_cast<double>(bands);
    for (Index c = 0; c < channels; ++c) {
        double total = 0;
        for (Index t = first; t < end; ++t) {
            total += static_cast<double>(sums[t * channels + c]);
        }
        to[c] = static_cast<float>(total / positions);
    }
}

/* A row [F, C] is one task, the rows' results are taken in their order: one result for any number of threads. */
class GlobalPool final : public earshot_cpu_op {
  public:
    GlobalPool(const GlobalPoolLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), channels_(layer.channels), maximum_(layer.maximum) {}

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, channels_});
    }
    Index output_floats(const Extents &e) const override { return size_product({e.batch, channels_}); }
    Index scratch_floats(const Extents &e, int) const override { return size_product({e.batch, e.frames, channels_}); }
    void run(const Arguments &a, Team &team) const override {
        const Extents &e = a.extents;
        team.each(e.batch * e.frames, [&](Index row, int) {
            (maximum_ ? maximum_row : sum_row)(a.input0 + row * e.bands * channels_, e.bands, channels_,
                                               a.scratch + row * channels_);
        });
        for (Index b = 0; b < e.batch; ++b) {
            const float *rows = a.scratch + b * e.frames * channels_;
            float *to = a.output + b * channels_;
            if (maximum_) {
                maximum_row(rows, e.frames, channels_, to);
            } else {
                mean_of_rows(rows, 0, e.frames, e.bands, channels_, to);
            }
        }
    }

  private:
    Index channels_;
    bool maximum_;
};

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

class BandNorm final : public earshot_cpu_op {
  public:
    BandNorm(const BandNormLayer &layer, const Kernels &chosen) : earshot_cpu_op(chosen), bands_(layer.bands) {
        scale_ = packer_.copied(layer.scale, bands_);
        shift_ = packer_.copied(layer.shift, bands_);
    }

    void check(const Extents &e) const override {
        if (e.bands != bands_) {
            fail("shape: " + std::to_string(e.bands) + " bands; expected " + std::to_string(bands_));
        }
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }
    void run(const Arguments &a, Team &) const override {
        for (Index row = 0; row < a.extents.batch * a.extents.frames; ++row) {
            const float *x = a.input0 + row * bands_;
            float *y = a.output + row * bands_;
            for (Index f = 0; f < bands_; ++f) {
                y[f] = x[f] * scale_[f] + shift_[f];
            }
        }
    }

  private:
    Index bands_;
    WeightPacker packer_{kernels};
    const float *scale_ = nullptr;
    const float *shift_ = nullptr;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_global_pool(const CpuPacking &packing) {
    return std::make_unique<GlobalPool>(GlobalPoolLayer(packing), packing.float32_kernels());
}

std::unique_ptr<earshot_cpu_op> make_token_pool(const CpuPacking &packing) {
    return std::make_unique<TokenPool>(TokenPoolLayer(packing), packing.float32_kernels());
}

std::unique_ptr<earshot_cpu_op> make_band_norm(const CpuPacking &packing) {
    return std::make_unique<BandNorm>(BandNormLayer(packing), packing.float32_kernels());
}

} // namespace earshot
