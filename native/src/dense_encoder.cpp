/* EARSHOT_LAYER_DENSE_ENCODER: packs the encoder's weights and runs it, clip by clip. */
#include <algorithm>
#include <cmath>

#include "arena.h"
#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"
#include "norm_epsilon.h"
#include "panels.h"
#include "row_blocks.h"
#include "winograd_weight.h"

namespace earshot {

namespace {

class DenseEncoder final : public earshot_cpu_op {
  public:
    DenseEncoder(const DenseEncoderLayer &layer, const Kernels &chosen)
        : earshot_cpu_op(chosen), channels_(layer.channels), padded_(round_up(channels_, kernels.width)),
          block_layers_(layer.block_layers) {
        const Index c = channels_;
        const EncoderConvolution &pointwise = layer.convolutions.front();
        first_.weight = copy(pointwise.weight);
        copy_vectors(pointwise, first_);
        const float *zeros = arena_.zeros(padded_);
        for (std::int32_t i = 0; i <= layer.block_layers; ++i) {
            const EncoderConvolution &convolution = layer.convolutions[static_cast<std::size_t>(i + 1)];
            ConvolutionWeights w = shape_of(convolution);
            if (cells(w) > MOST_TAPS) {
                throw Failure{STATUS_UNSUPPORTED, layer.name(i) + ": more than " + std::to_string(MOST_TAPS) + " taps"};
            }
            margin_ = std::max(margin_, w.padding_bands);
            const Index per_output = c * cells(w);
            const float *from = convolution.weight;
            /* PyTorch's [O, I, KT, KF]; here the input channel of a slice varies fastest. */
            const Index kernel = w.kernel_time * w.kernel_bands;
            if (w.winograd) {
                const Index groups = FREQUENCIES * w.slices;
                float *packed = arena_.zeros(packed_floats(kernels, groups, c, padded_));
                pack_panels(kernels, groups, c, c, padded_, packed, [=](Index k, Index o) {
                    const Index inputs = w.slices * c;
                    return winograd_weight(from + o * per_output + k % inputs * kernel, k / inputs);
                });
                w.weight = packed;
            } else {
                float *packed = arena_.zeros(packed_floats(kernels, cells(w), c, padded_));
                pack_panels(kernels, cells(w), c, c, padded_, packed, [=](Index k, Index o) {
                    const Index cell = k / c % kernel;
                    const Index input = k / (c * kernel) * c + k % c;
                    return from[o * per_output + input * kernel + cell];
                });
                w.weight = packed;
            }
            w.zeros = zeros;
            copy_vectors(convolution, w);
            convolutions_.push_back(w);
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
    Index scratch_floats(const Extents &e, int threads) const override {
        return Scratch(*this, e, threads, nullptr).carver.floats();
    }

    void run(const Arguments &arguments, Team &team) const override {
        const Extents &e = arguments.extents;
        Scratch scratch(*this, e, team.threads(), arguments.scratch);
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
        float *outside;          /* a row of zeros */
        Index per_thread;
        float *threads;

        Scratch(const DenseEncoder &encoder, const Extents &e, int count, float *base)
            : carver(base), per_thread(encoder.strip_scratch(e)) {
            const Index planes = encoder.block_layers_ + 1;
            slices = reinterpret_cast<float **>(carver.take(size_product({planes, 2})));
            const Index rows = std::max<Index>(e.frames, encoder.output_frames(e));
            mean = carver.take(size_product({rows, encoder.padded_}));
            deviation = carver.take(size_product({rows, encoder.padded_}));
            gain = carver.take(encoder.padded_);
            centre = carver.take(encoder.padded_);
            outside = carver.take(encoder.plane_row(e));
            threads = carver.take(size_product({count, per_thread}));
            for (Index i = 0; i < planes; ++i) {
                float *plane = carver.take(size_product({e.frames, encoder.plane_row(e)}));
                if (base != nullptr) {
                    slices[i] = plane;
                }
            }
        }
    };

    /* A convolution's extents, and how it is computed. */
    ConvolutionWeights shape_of(const EncoderConvolution &convolution) const {
        ConvolutionWeights w = {};
        w.slices = convolution.inputs / channels_;
        w.kernel_time = convolution.kernel_time;
        w.kernel_bands = convolution.kernel_frequency;
        w.padding_time = convolution.padding_time;
        w.padding_bands = convolution.padding_frequency;
        w.dilation = convolution.dilation_time;
        w.stride = convolution.stride_frequency;
        w.winograd = channels_ >= WINOGRAD_CHANNELS && w.kernel_time == 3 && w.kernel_bands == 3 &&
                     w.padding_time == w.dilation && w.padding_bands == 1 && w.stride == 1;
        return w;
    }

    static Index cells(const ConvolutionWeights &w) { return w.slices * w.kernel_time * w.kernel_bands; }

    const float *copy(const float *from) {
        float *to = arena_.zeros(padded_);
        std::copy_n(from, channels_, to);
        return to;
    }

    void copy_vectors(const EncoderConvolution &convolution, ConvolutionWeights &w) {
        w.bias = copy(convolution.bias);
        w.scale = copy(convolution.norm_weight);
        w.shift = copy(convolution.norm_bias);
        w.slope = copy(convolution.slopes);
    }

    /* Positions of a plane's row: the bands between margins, the right one as wide as Winograd's last patch reads. */
    Index plane_positions(const Extents &e) const {
        const Index patched = round_up(e.bands, PATCH_BANDS) + 1;
        return margin_ + std::max(e.bands + margin_, patched);
    }
    /* Floats of a plane's row, with a line of the cache behind it: 64 bands of 64 channels between margins make eight
     * rows 33 times 4 KB, so that the eight that a patch reads at a dilation of 8 would fall into one set of the cache. */
    Index plane_row(const Extents &e) const {
        constexpr Index LINE = 16;
        return size_product({plane_positions(e), padded_}) + LINE;
    }
    /* Floats that a thread needs for a chunk of strips. */
    Index strip_scratch(const Extents &e) const {
        Index most = 0;
        for (const ConvolutionWeights &w : convolutions_) {
            most = std::max(most, w.winograd ? kernels.dilated_scratch(w, channels_, e.bands) : 0);
        }
        return round_up(most, 16);
    }

    Index output_frames(const Extents &e) const {
        const ConvolutionWeights &last = convolutions_.back();
        return e.frames + 2 * last.padding_time - last.dilation * (last.kernel_time - 1);
    }
    Index output_bands(const Extents &e) const {
        const ConvolutionWeights &last = convolutions_.back();
        return (e.bands + 2 * last.padding_bands - last.kernel_bands) / last.stride + 1;
    }

    void clear_margins(const Scratch &scratch, const Extents &e, Team &team) const {
        const Index row = plane_row(e);
        const Index left = margin_ * padded_;
        const Index filled = left + e.bands * padded_;
        std::fill_n(scratch.outside, row, 0.0F);
        team.each(e.frames, [&](Index t, int) {
            for (Index i = 0; i <= block_layers_; ++i) {
                float *start = scratch.slices[i] + t * row;
                std::fill_n(start, left, 0.0F);
                std::fill_n(start + filled, row - filled, 0.0F);
            }
        });
    }

    void run_clip(const float *x, float *output, const Extents &e, const Scratch &scratch, Team &team) const {
        const Index plane_row = this->plane_row(e);
        const Planes planes = {scratch.slices, e.frames, e.bands, margin_, plane_row, scratch.outside};
        run_first(x, e, scratch, plane_row, team);
        for (Index i = 0; i < block_layers_; ++i) {
            const ConvolutionWeights &w = convolutions_[static_cast<std::size_t>(i)];
            float *plane = scratch.slices[i + 1] + margin_ * padded_;
            convolve(w, planes, e.frames, e.bands, plane, plane_row, padded_, scratch, team);
            each_row(e.frames, team, [&](Index t) {
                kernels.normalize_row(plane + t * plane_row, e.bands, padded_, padded_, scratch.centre, scratch.gain,
                                      w.shift, w.slope);
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
                                                 std::sqrt(w * w * variance + static_cast<double>(EPSILON)));
        }
        team.each(e.frames, [&](Index t, int) {
            kernels.encoder_first(x + t * e.bands, e.bands, static_cast<float>(mean), scratch.gain, first_.shift,
                                  first_.slope, scratch.slices[0] + t * plane_row + margin_ * padded_, padded_);
        });
    }

    /* Calls body(row) for all rows, shared out as tasks. */
    template <class Body>
    static void each_row(Index rows, Team &team, const Body &body) {
        each_block(rows, BLOCK_ROWS, team, [&](Index from, Index to, int) {
            for (Index t = from; t < to; ++t) {
                body(t);
            }
        });
    }

    /* One convolution into rows [frames, positions, channels] at `to`, and what its norm needs into the scratch. */
    void convolve(const ConvolutionWeights &w, const Planes &planes, Index frames, Index positions, float *to,
                  Index row, Index row_step, const Scratch &scratch, Team &team) const {
        const Index channels = row_step == padded_ ? padded_ : channels_;
        const auto take_statistics = [&](Index t) {
            kernels.row_statistics(to + t * row, positions, row_step, channels, scratch.mean + t * padded_,
                                   scratch.deviation + t * padded_);
        };
        if (w.winograd) {
            each_block(strips_of(frames, w.dilation), kernels.chunk_strips(positions), team,
                       [&](Index from, Index end, int thread) {
                           kernels.dilated_strips(w, planes, channels_, from, end, to, row, row_step,
                                                  scratch.threads + thread * scratch.per_thread);
                           for (Index strip = from; strip < end; ++strip) {
                               const Index t = strip_frame(strip, frames, w.dilation);
                               for (Index u = t; u < frames && u < t + PATCH_FRAMES * w.dilation; u += w.dilation) {
                                   take_statistics(u);
                               }
                           }
                       });
        } else {
            each_row(frames, team, [&](Index t) {
                kernels.convolution_row(w, planes, channels_, t, positions, to + t * row, row_step);
                take_statistics(t);
            });
        }
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
                                                 std::sqrt(variance + static_cast<double>(EPSILON)));
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
    return std::make_unique<DenseEncoder>(DenseEncoderLayer(packing), packing.float32_kernels());
}

} // namespace earshot
