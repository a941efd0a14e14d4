/*
 * EARSHOT_LAYER_SQUEEZE_EXCITATION: convolution, squeeze and pooling of a block of rows while they are in L2, then the
 * gate over what is left. As a gate is not negative, the mean of ReLUs of gated numbers is the gated mean of their ReLUs:
 * where the layer pools, a quarter of the convolution's output is all that is written. Out of one channel, the squeeze is
 * taken from the input: sums of a convolution are those of what its taps look at. So the gate is known in front, and the
 * output, many times as large, is written once.
 */
#include <algorithm>
#include <array>

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
        taps_ = layer.inputs == 1 ? packer_.copied(layer.convolution, outputs * TAPS) : nullptr;
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
        float *sums;     /* of each block, [blocks, bins, O]; null where the input is summed */
        double *corners; /* of the input, [frames + 1, bands + 1]: what lies before a frame and a band */
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
            const bool of_input = layer.taps_ != nullptr;
            sums = of_input ? nullptr : carver.take(size_product({blocks(e), layer.bins_, outputs}));
            corners = of_input ? reinterpret_cast<double *>(carver.take(size_product({2, e.frames + 1, e.bands + 1})))
                               : nullptr;
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
        const bool gated = taps_ != nullptr;
        const auto gate = [&](Index from, Index to) {
            for (Index t = from; t < to; ++t) {
                kernels.gate_row(output + t * bands * channels, bands, channels, scratch.gate);
            }
        };
        if (gated) {
            sum_input(x, e, scratch.corners, team);
            squeeze_input(e, scratch);
            excite(scratch);
        }
        static_assert(BLOCK_ROWS % 2 == 0, "rows that are pooled lie in one block");
        each_block(e.frames, BLOCK_ROWS, team, [&](Index from, Index to, int thread) {
            float *own = scratch.threads + thread * scratch.per_thread;
            float *z = pooled_ ? own : output + from * row;
            kernels.convolution_rows(convolution_, {x, e.frames, e.bands, z, from, row, channels, false}, from, to,
                                     own + scratch.rows);
            if (!gated) {
                kernels.squeeze_rows(
                    {z, from, row, e.frames, e.bands, channels, scales_.data(), static_cast<Index>(scales_.size())},
                    from, to, scratch.sums + from / BLOCK_ROWS * bins_ * channels);
            }
            for (Index t = from / 2; pooled_ && t < to / 2; ++t) {
                const float *upper = z + (2 * t - from) * row;
                kernels.pool_row(upper, upper + row, channels, bands, channels, output + t * bands * channels);
            }
            if (gated) {
                gate(from / step(), to / step());
            }
        });
        if (!gated) {
            squeeze_output(e, scratch);
            excite(scratch);
            each_block(frames, BLOCK_ROWS, team, [&](Index from, Index to, int) { gate(from, to); });
        }
    }

    /* A bin of an adaptive pool of [frames, bands]. */
    struct Bin {
        Index first_frame, end_frame, first_band, end_band;

        double size() const {
            return static_cast<double>(end_frame - first_frame) * static_cast<double>(end_band - first_band);
        }
    };

    /* squeezed = sum(channel, number of the bin among those of all scales, bin) / size, channel by channel in a scale. */
    template <class Sum>
    void squeeze(const Extents &e, const Scratch &scratch, const Sum &sum) const {
        const Index channels = convolution_.outputs;
        Index first = 0; /* bin of the scale */
        for (const std::int32_t k : scales_) {
            for (Index i = 0; i < Index{k} * k; ++i) {
                const Bin bin = {bin_first(i / k, e.frames, k), bin_end(i / k, e.frames, k),
                                 bin_first(i % k, e.bands, k), bin_end(i % k, e.bands, k)};
                const auto sum_of = sum(first + i, bin);
                for (Index c = 0; c < channels; ++c) {
                    scratch.squeezed[first * channels + c * k * k + i] = static_cast<float>(sum_of(c) / bin.size());
                }
            }
            first += Index{k} * k;
        }
    }

    void squeeze_output(const Extents &e, const Scratch &scratch) const {
        squeeze(e, scratch, [&](Index number, const Bin &) {
            return [&, number](Index c) {
                double total = 0;
                for (Index block = 0; block < blocks(e); ++block) {
                    total += static_cast<double>(scratch.sums[(block * bins_ + number) * convolution_.outputs + c]);
                }
                return total;
            };
        });
    }

    /* corners[t, f]: the sum of what lies before frame t and band f, so that four of them give that of any rectangle. */
    static void sum_input(const float *x, const Extents &e, double *corners, Team &team) {
        const Index row = e.bands + 1;
        std::fill_n(corners, row, 0.0);
        team.each(e.frames, [&](Index t, int) {
            double total = 0;
            double *to = corners + (t + 1) * row;
            to[0] = 0;
            for (Index f = 0; f < e.bands; ++f) {
                total += static_cast<double>(x[t * e.bands + f]);
                to[f + 1] = total;
            }
        });
        for (Index i = row; i < (e.frames + 1) * row; ++i) {
            corners[i] += corners[i - row];
        }
    }

    void squeeze_input(const Extents &e, const Scratch &scratch) const {
        const auto within = [](Index i, Index length) { return std::max<Index>(0, std::min(i, length)); };
        const auto before = [&](Index t, Index f) {
            return scratch.corners[within(t, e.frames) * (e.bands + 1) + within(f, e.bands)];
        };
        squeeze(e, scratch, [&](Index, const Bin &bin) {
            std::array<double, TAPS> seen = {};
            for (Index tap = 0; tap < TAPS; ++tap) {
                const Index t = tap / 3 - 1;
                const Index f = tap % 3 - 1;
                seen[static_cast<std::size_t>(tap)] =
                    (before(bin.end_frame + t, bin.end_band + f) - before(bin.first_frame + t, bin.end_band + f)) -
                    (before(bin.end_frame + t, bin.first_band + f) - before(bin.first_frame + t, bin.first_band + f));
            }
            return [this, seen, bin](Index c) {
                double total = bin.size() * static_cast<double>(convolution_.bias[c]);
                for (Index tap = 0; tap < TAPS; ++tap) {
                    total += seen[static_cast<std::size_t>(tap)] * static_cast<double>(taps_[c * TAPS + tap]);
                }
                return total;
            };
        });
    }

    /* The gate out of what was squeezed. */
    void excite(const Scratch &scratch) const {
        const Index channels = convolution_.outputs;
        for (Index i = 0; i < narrow_.outputs; ++i) {
            scratch.hidden[i] = static_cast<float>(std::max(0.0, narrow_(scratch.squeezed, i)));
        }
        for (Index c = 0; c < channels; ++c) {
            scratch.gate[c] = static_cast<float>(sigmoid(widen_(scratch.hidden, c)));
        }
    }

    static constexpr Index TAPS = 9;

    bool pooled_;
    std::vector<std::int32_t> scales_;
    Index bins_;
    WeightPacker packer_{kernels};
    Convolution3x3 convolution_ = {};
    const float *taps_ = nullptr; /* [O, TAPS] of one input channel, null where there are more */
    Affine narrow_ = {};
    Affine widen_ = {};
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_squeeze_excitation(const CpuPacking &packing) {
    return std::make_unique<SqueezeExcitation>(SqueezeExcitationLayer(packing), packing.float32_kernels());
}

} // namespace earshot
