/* EARSHOT_LAYER_DENSE_ENCODER: packs the encoder's weights and runs it, clip by clip. */
#include <algorithm>
#include <cmath>

#include "internal.h"

namespace earshot {

namespace {

constexpr Index kGeometryNumbers = 6;

class DenseEncoder final : public earshot_cpu_op {
  public:
    explicit DenseEncoder(const CpuPacking &packing)
        : earshot_cpu_op(packing.kernels()), channels_(packing.numbers[0]),
          padded_(round_up(channels_, kernels.width)), block_layers_(packing.numbers[1]) {
        const std::int32_t *geometry = packing.numbers + 2;
        const Index c = channels_;
        Index expected = 5 * c;
        for (Index i = 0; i <= block_layers_; ++i) {
            convolutions_.push_back(shape_of(i, geometry + i * kGeometryNumbers));
            const ConvolutionWeights &w = convolutions_.back();
            margin_ = std::max(margin_, w.padding_bands);
            expected = size_sum({expected, size_product({c, c, cells(w)}), 4 * c});
        }
        WeightReader reader(packing, expected);
        first_.weight = reader.take(c);
        copy_vectors(reader, first_);
        first_.weight = copy(first_.weight);
        for (ConvolutionWeights &w : convolutions_) {
            const Index per_output = c * cells(w);
            const float *from = reader.take(c * per_output);
            float *packed = arena_.zeros(packed_floats(kernels, cells(w), c, padded_));
            /* PyTorch's [O, I, KT, KF]; here the input channel of a slice varies fastest. */
            const Index kernel = w.kernel_time * w.kernel_bands;
            pack_panels(kernels, cells(w), c, c, padded_, packed, [=](Index k, Index o) {
                const Index cell = k / c % kernel;
                const Index input = k / (c * kernel) * c + k % c;
                return from[(o * (per_output / kernel) + input) * kernel + cell];
            });
            w.weight = packed;
            copy_vectors(reader, w);
        }
    }

    void check(const Extents &e) const override {
        const ConvolutionWeights &last = convolutions_.back();
        require(output_frames(e) >= 1 && e.bands + 2 * last.padding_bands >= last.kernel_bands,
                "shape: smaller than the last convolution's kernel");
    }
    Index input0_floats(const Extents &e) const override { return size_product({e.batch, e.frames, e.bands}); }
    Index output_floats(const Extents &e) const override {
        return size_product({e.batch, output_frames(e), output_bands(e), channels_});
    }
    Index scratch_floats(const Extents &e, int) const override { return Scratch(*this, e, nullptr).carver.floats(); }

    void run(const Arguments &arguments, Team &team) const override {
        const Extents &e = arguments.extents;
        Scratch scratch(*this, e, arguments.scratch);
        clear_margins(scratch, e, team);
        for (Index b = 0; b < e.batch; ++b) {
            float *output = arguments.output + b * output_frames(e) * output_bands(e) * channels_;
            run_clip(arguments.input0 + b * e.frames * e.bands, output, e, scratch, team);
        }
    }

  private:
    struct Scratch {
        Carver carver;
        float **slices;          /* the planes' addresses, in the scratch as well so that running allocates nothing */
        float *mean, *deviation; /* of each row, [rows, P(C)] */
        float *gain, *centre;    /* of a whole plane, [P(C)] */
        float *raw;              /* a plane before its norm, where planes are not of floats */

        Scratch(const DenseEncoder &encoder, const Extents &e, float *base) : carver(base) {
            const Index planes = encoder.block_layers_ + 1;
            slices = reinterpret_cast<float **>(carver.take(size_product({planes, 2})));
            const Index rows = std::max<Index>(e.frames, encoder.output_frames(e));
            mean = carver.take(size_product({rows, encoder.padded_}));
            deviation = carver.take(size_product({rows, encoder.padded_}));
            gain = carver.take(encoder.padded_);
            centre = carver.take(encoder.padded_);
            raw = encoder.kernels.pairs ? carver.take(size_product({e.frames, e.bands, encoder.padded_})) : nullptr;
            for (Index i = 0; i < planes; ++i) {
                float *plane =
                    carver.take(size_product({e.frames, e.bands + 2 * encoder.margin_, encoder.plane_step()}));
                if (base != nullptr) {
                    slices[i] = plane;
                }
            }
        }
    };

    ConvolutionWeights shape_of(Index i, const std::int32_t *g) const {
        const bool last = i == block_layers_;
        ConvolutionWeights w = {};
        w.slices = last ? 1 : i + 1;
        w.kernel_time = g[0];
        w.kernel_bands = g[1];
        w.padding_time = g[2];
        w.padding_bands = g[3];
        w.dilation = g[4];
        w.stride = g[5];
        const std::string name = last ? "last convolution" : "block layer " + std::to_string(i);
        if (g[0] < 1 || g[1] < 1 || g[2] < 0 || g[3] < 0 || g[4] < 1 || g[5] < 1) {
            fail(name + ": kernel, dilation and stride are at least 1, padding at least 0");
        }
        if (!last && (2 * w.padding_time != w.dilation * (w.kernel_time - 1) ||
                      2 * w.padding_bands != w.kernel_bands - 1 || w.stride != 1)) {
            fail(name + ": its padding and stride do not keep frames and bands");
        }
        if (size_product({w.slices, w.kernel_time, w.kernel_bands}) > kMostTaps) {
            throw Failure{STATUS_UNSUPPORTED, name + ": more than " + std::to_string(kMostTaps) + " taps"};
        }
        return w;
    }

    static Index cells(const ConvolutionWeights &w) { return w.slices * w.kernel_time * w.kernel_bands; }

    const float *copy(const float *from) {
        float *to = arena_.zeros(padded_);
        std::copy_n(from, channels_, to);
        return to;
    }

    void copy_vectors(WeightReader &reader, ConvolutionWeights &w) {
        w.bias = copy(reader.take(channels_));
        w.scale = copy(reader.take(channels_));
        w.shift = copy(reader.take(channels_));
        w.slope = copy(reader.take(channels_));
    }

    /* Words from one position of a plane to the next. */
    Index plane_step() const { return operand_words(kernels, padded_); }

    Index output_frames(const Extents &e) const {
        const ConvolutionWeights &last = convolutions_.back();
        return e.frames + 2 * last.padding_time - last.dilation * (last.kernel_time - 1);
    }
    Index output_bands(const Extents &e) const {
        const ConvolutionWeights &last = convolutions_.back();
        return (e.bands + 2 * last.padding_bands - last.kernel_bands) / last.stride + 1;
    }

    void clear_margins(const Scratch &scratch, const Extents &e, Team &team) const {
        const Index margin = margin_ * plane_step();
        const Index row = e.bands * plane_step() + 2 * margin;
        team.each(e.frames, [&](Index t, int) {
            for (Index i = 0; i <= block_layers_; ++i) {
                float *start = scratch.slices[i] + t * row;
                std::fill_n(start, margin, 0.0F);
                std::fill_n(start + row - margin, margin, 0.0F);
            }
        });
    }

    void run_clip(const float *x, float *output, const Extents &e, const Scratch &scratch, Team &team) const {
        const Index plane_row = (e.bands + 2 * margin_) * plane_step();
        const Planes planes = {scratch.slices, e.frames, e.bands, margin_};
        run_first(x, e, scratch, plane_row, team);
        for (Index i = 0; i < block_layers_; ++i) {
            const ConvolutionWeights &w = convolutions_[static_cast<std::size_t>(i)];
            float *plane = scratch.slices[i + 1] + margin_ * plane_step();
            float *raw = kernels.pairs ? scratch.raw : plane;
            const Index raw_row = kernels.pairs ? e.bands * padded_ : plane_row;
            convolve(w, planes, e.frames, e.bands, raw, raw_row, padded_, scratch, team);
            each_row(e.frames, team, [&](Index t) {
                kernels.plane_row(raw + t * raw_row, e.bands, padded_, scratch.centre, scratch.gain, w.shift, w.slope,
                                  plane + t * plane_row);
            });
        }
        Planes newest = planes;
        float *const top[] = {scratch.slices[block_layers_]};
        newest.slice = top;
        const Index bands = output_bands(e);
        const ConvolutionWeights &last = convolutions_.back();
        const Index row = bands * channels_;
        convolve(last, newest, output_frames(e), bands, output, row, channels_, scratch, team);
        each_row(output_frames(e), team, [&](Index t) {
            kernels.normalize_row(output + t * row, bands, channels_, channels_, scratch.centre, scratch.gain,
                                  last.shift, last.slope);
        });
    }

    /*
     * The pointwise convolution of one channel is w x + b: its mean is w m + b and its variance w^2 v, m and v those of
     * the input, so the plane is written once, normalised.
     */
    void run_first(const float *x, const Extents &e, const Scratch &scratch, Index plane_row, Team &team) const {
        const double count = static_cast<double>(e.frames * e.bands);
        double mean = 0;
        for (Index i = 0; i < e.frames * e.bands; ++i) {
            mean += static_cast<double>(x[i]);
        }
        mean /= count;
        double variance = 0;
        for (Index i = 0; i < e.frames * e.bands; ++i) {
            const double d = static_cast<double>(x[i]) - mean;
            variance += d * d;
        }
        variance /= count;
        for (Index c = 0; c < padded_; ++c) {
            const double w = static_cast<double>(first_.weight[c]);
            scratch.gain[c] = static_cast<float>(w * static_cast<double>(first_.scale[c]) /
                                                 std::sqrt(w * w * variance + static_cast<double>(kEpsilon)));
        }
        team.each(e.frames, [&](Index t, int) {
            kernels.encoder_first(x + t * e.bands, e.bands, static_cast<float>(mean), scratch.gain, first_.shift,
                                  first_.slope, scratch.slices[0] + t * plane_row + margin_ * plane_step(), padded_);
        });
    }

    /* Calls body(row) for all rows, shared out as tasks. */
    template <class Body>
    static void each_row(Index rows, Team &team, const Body &body) {
        each_block(rows, kBlockRows, team, [&](Index from, Index to, int) {
            for (Index t = from; t < to; ++t) {
                body(t);
            }
        });
    }

    /* One convolution into rows [frames, positions, channels] at `to`, and what its norm needs into the scratch. */
    void convolve(const ConvolutionWeights &w, const Planes &planes, Index frames, Index positions, float *to,
                  Index row, Index row_step, const Scratch &scratch, Team &team) const {
        const Index channels = row_step == padded_ ? padded_ : channels_;
        each_row(frames, team, [&](Index t) {
            kernels.convolution_row(w, planes, channels_, t, positions, to + t * row, row_step);
            kernels.row_statistics(to + t * row, positions, row_step, channels, scratch.mean + t * padded_,
                                   scratch.deviation + t * padded_);
        });
        combine(w, frames, positions, scratch);
    }

    /* The plane's mean and gain out of those of its rows, which all have as many positions. */
    void combine(const ConvolutionWeights &w, Index rows, Index positions, const Scratch &scratch) const {
        for (Index c = 0; c < padded_; ++c) {
            double mean = 0;
            for (Index t = 0; t < rows; ++t) {
                mean += static_cast<double>(scratch.mean[t * padded_ + c]);
            }
            mean /= static_cast<double>(rows);
            double deviation = 0;
            for (Index t = 0; t < rows; ++t) {
                const double d = static_cast<double>(scratch.mean[t * padded_ + c]) - mean;
                deviation +=
                    static_cast<double>(scratch.deviation[t * padded_ + c]) + static_cast<double>(positions) * d * d;
            }
            const double variance = deviation / static_cast<double>(rows * positions);
            scratch.centre[c] = static_cast<float>(mean);
            scratch.gain[c] = static_cast<float>(static_cast<double>(w.scale[c]) /
                                                 std::sqrt(variance + static_cast<double>(kEpsilon)));
        }
    }

    Index channels_;
    Index padded_;
    Index block_layers_;
    Index margin_ = 0;
    Arena arena_;
    ConvolutionWeights first_ = {};
    std::vector<ConvolutionWeights> convolutions_;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_dense_encoder(const CpuPacking &packing) {
    if (packing.number_count < 2) {
        packing.require_numbers(2 + kGeometryNumbers);
    }
    require(packing.numbers != nullptr, "numbers: null");
    require(packing.numbers[0] >= 1 && packing.numbers[1] >= 0,
            "channels: expected at least 1; block layers: at least 0");
    packing.require_numbers(2 + kGeometryNumbers * (std::int64_t{packing.numbers[1]} + 1));
    return std::make_unique<DenseEncoder>(packing);
}

} // namespace earshot
