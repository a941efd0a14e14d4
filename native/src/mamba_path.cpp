/* EARSHOT_LAYER_MAMBA_PATH: packs a path's weights and runs it. */
#include <algorithm>
#include <cmath>

#include "carver.h"
#include "cpu_operation.h"
#include "layers.h"
#include "panels.h"
#include "weight_packer.h"

namespace earshot {

namespace {

constexpr float LOG2_E = 1.44269504088896341F;

class MambaPath final : public earshot_cpu_op {
  public:
    MambaPath(const MambaPathLayer &path, const Kernels &chosen, bool adds_aside)
        : earshot_cpu_op(chosen), norm_(path.norm), condition_(path.condition),
          channels_padded_(round_up(path.channels, kernels.width)), inner_padded_(round_up(path.inner, kernels.width)) {
        w_.channels = path.channels;
        w_.inner = path.inner;
        w_.states = path.states;
        w_.rank = path.rank;
        w_.taps = path.taps;
        w_.layers = path.layers;
        w_.over_time = path.axis == EARSHOT_AXIS_TIME;
        w_.has_norm = path.norm != EARSHOT_NORM_NONE;
        const Index c = w_.channels;
        w_.by_pairs = adds_aside && !kernels.pairs && c % 4 == 0 &&
                      inner_padded_ % (kernels.width * kernels.panel) == 0 && of_one_size(path);
        copy_norm(path);
        for (int direction = 0; direction < 2; ++direction) {
            const std::vector<MambaMixer> &mixers = path.directions[direction];
            for (std::size_t l = 0; l < mixers.size(); ++l) {
                layers_[direction].push_back(packed_layer(mixers[l], l + 1 == mixers.size()));
            }
            w_.layer[direction] = layers_[direction].data();
            w_.projection[direction] = packed_projection(path, direction);
        }
        w_.projection_bias = packer_.padded(path.projection_bias, c);
        w_.zeros = packer_.zeros(std::max({inner_padded_, round_up(2 * w_.states, kernels.width), channels_padded_}));
        float *valid = packer_.zeros(channels_padded_);
        std::fill_n(valid, c, 1.0F);
        w_.valid = valid;
    }

    void check(const Extents &) const override {}

    Index input0_floats(const Extents &e) const override {
        return size_product({e.batch, e.frames, e.bands, w_.channels});
    }
    Index input1_floats(const Extents &e) const override {
        return norm_ == EARSHOT_NORM_CONDITIONAL ? size_product({e.batch, condition_}) : 0;
    }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }
    Index scratch_floats(const Extents &e, int threads) const override {
        return Scratch(*this, e, threads, nullptr).carver.floats();
    }

    void run(const Arguments &arguments, Team &team) const override {
        const Extents &e = arguments.extents;
        const Scratch scratch(*this, e, team.threads(), arguments.scratch);
        MambaRun job = {};
        job.weights = &w_;
        job.x = arguments.input0;
        job.output = arguments.output;
        job.partial = scratch.partial;
        job.norm = fixed_norm_;
        job.batch = e.batch;
        job.frames = e.frames;
        job.bands = e.bands;
        job.group = group(e);
        if (norm_ == EARSHOT_NORM_CONDITIONAL) {
            job.norm = scratch.norm;
            job.norm_step = 2 * channels_padded_;
            for (Index b = 0; b < e.batch; ++b) {
                apply_condition(arguments.input1 + b * condition_, scratch.norm + b * job.norm_step);
            }
        }
        const Index groups = this->groups(e);
        if (!scratch.split) {
            team.each(groups, [&](Index task, int thread) {
                float *mine = scratch.threads + thread * scratch.per_thread;
                kernels.mamba_group(job, task, 0, mine);
                kernels.mamba_group(job, task, 1, mine);
            });
            return;
        }
        team.each(2 * groups, [&](Index task, int thread) {
            kernels.mamba_group(job, task / 2, static_cast<int>(task % 2),
                                scratch.threads + thread * scratch.per_thread);
        });
        const Index rows = e.batch * e.frames;
        const Index row = e.bands * w_.channels;
        team.each(rows, [&](Index task, int) {
            float *to = arguments.output + task * row;
            const float *from = scratch.partial + task * row;
            for (Index i = 0; i < row; ++i) {
                to[i] = from[i] + to[i];
            }
        });
    }

  private:
    /* What a run keeps outside of its input and output. */
    struct Scratch {
        Carver carver;
        bool split; /* whether the directions are tasks of their own: where there are few sequences for the threads */
        Index per_thread;
        float *norm;
        float *partial;
        float *threads;

        Scratch(const MambaPath &path, const Extents &e, int count, float *base)
            : carver(base), split(count > 1 && path.groups(e) < 16 * Index{count}),
              per_thread(path.kernels.mamba_scratch(path.w_)), norm(nullptr), partial(nullptr), threads(nullptr) {
            if (path.norm_ == EARSHOT_NORM_CONDITIONAL) {
                norm = carver.take(size_product({e.batch, 2, path.channels_padded_}));
            }
            if (split) {
                partial = carver.take(path.output_floats(e));
            }
            threads = carver.take(size_product({count, per_thread}));
        }
    };

    Index length(const Extents &e) const { return w_.over_time ? e.frames : e.bands; }
    /* Sequences that fill a tile. */
    Index group(const Extents &e) const { return std::max<Index>(1, TILE_ROWS / length(e)); }
    Index groups(const Extents &e) const {
        const Index sequences = size_product({e.batch, w_.over_time ? e.bands : e.frames});
        return (sequences + group(e) - 1) / group(e);
    }

    void copy_norm(const MambaPathLayer &path) {
        const Index c = w_.channels;
        if (norm_ == EARSHOT_NORM_LAYER) {
            float *both = packer_.zeros(2 * channels_padded_);
            std::copy_n(path.scale, c, both);
            std::copy_n(path.shift, c, both + channels_padded_);
            fixed_norm_ = both;
        } else if (norm_ == EARSHOT_NORM_CONDITIONAL) {
            float *both = packer_.zeros(2 * c * (condition_ + 1));
            float *next = std::copy_n(path.gamma, c * condition_, both);
            next = std::copy_n(path.gamma_bias, c, next);
            next = std::copy_n(path.beta, c * condition_, next);
            std::copy_n(path.beta_bias, c, next);
            conditional_norm_ = both;
        }
    }

    /* in_proj[row, k], the RMS norm's weight multiplied in. */
    float in_weight(const MambaMixer &mixer, Index row, Index k) const {
        return mixer.in_projection[row * w_.channels + k] * mixer.norm[k];
    }

    /* Mean of the squares of in_proj's weights. */
    double mean_square(const MambaMixer &mixer) const {
        double squares = 0;
        for (Index row = 0; row < 2 * w_.inner; ++row) {
            for (Index k = 0; k < w_.channels; ++k) {
                const double weight = static_cast<double>(in_weight(mixer, row, k));
                squares += weight * weight;
            }
        }
        return squares / static_cast<double>(2 * w_.inner * w_.channels);
    }

    /*
     * Whether products may take pairs: they round to what all rows of in_proj are like, so that a row of weights a
     * sixteenth as large, or a weight sixteen times as large, has up to sixteen times the rounding of its own. Rows of
     * zeros, which are nobody's, may be there; numbers that are none may not.
     */
    bool of_one_size(const MambaPathLayer &path) const {
        constexpr double SPREAD = 16 * 16;
        for (const std::vector<MambaMixer> &direction : path.directions) {
            for (const MambaMixer &mixer : direction) {
                const double mean = mean_square(mixer);
                for (Index row = 0; row < 2 * w_.inner; ++row) {
                    double squares = 0;
                    double largest = 0;
                    for (Index k = 0; k < w_.channels; ++k) {
                        const double weight = static_cast<double>(in_weight(mixer, row, k));
                        squares += weight * weight;
                        largest = std::max(largest, weight * weight);
                    }
                    const bool alike =
                        squares * SPREAD >= mean * static_cast<double>(w_.channels) && largest <= mean * SPREAD;
                    if (!alike && squares != 0) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /*
     * The power of two that h and in_proj are multiplied and divided by where products take pairs: it makes their root
     * mean squares alike, that of h being 1. Without a sensible one (zeros, numbers that are none) it is 1.
     */
    float h_scale(const MambaMixer &mixer) const {
        const double mean = mean_square(mixer);
        return mean > 0 && std::isfinite(mean) ? static_cast<float>(std::exp2(std::round(std::log2(mean) / 4))) : 1.0F;
    }

    /* Rows `from` to `from` + E of in_proj over `scale`, and what products with them start from. */
    void pack_half(const MambaMixer &mixer, Index from, float scale, const float *&weight, const float *&bias) {
        const Index c = w_.channels;
        const auto value = [=](Index k, Index j) { return in_weight(mixer, from + j, k) / scale; };
        float *packed = packer_.zeros(packed_floats(kernels, 1, c, inner_padded_));
        pack_panels(kernels, 1, c, w_.inner, inner_padded_, packed, value);
        float *start = packer_.zeros(inner_padded_);
        for (Index j = 0; w_.by_pairs && j < w_.inner; ++j) {
            double products = 0;
            for (Index k = 0; k < c; k += 4) {
                products += static_cast<double>(value(k, j)) * static_cast<double>(value(k + 1, j));
            }
            start[j] = static_cast<float>(-products);
        }
        weight = packed;
        bias = start;
    }

    /* The projection's rows of a direction, behind out_proj for y and alone for x. */
    Projection packed_projection(const MambaPathLayer &path, int direction) {
        const Index c = w_.channels;
        const Index e = w_.inner;
        const bool takes_x = direction == 0 || w_.layers > 1;
        const bool for_both = w_.layers == 1;
        const float *own = path.projection + direction * c * c;
        const float *other = path.projection + (1 - direction) * c * c;
        const float *out = path.directions[direction].back().out_projection;
        const Index of_y = inner_padded_;
        const Index depth = takes_x ? of_y + c : e;
        float *packed = packer_.zeros(packed_floats(kernels, 1, depth, channels_padded_));
        pack_panels(kernels, 1, depth, c, channels_padded_, packed, [=](Index k, Index j) {
            if (k >= of_y) {
                const Index from = (k - of_y) * c + j;
                return own[from] + (for_both ? other[from] : 0.0F);
            }
            double total = 0;
            for (Index i = 0; k < e && i < c; ++i) {
                total += static_cast<double>(out[i * e + k]) * static_cast<double>(own[i * c + j]);
            }
            return static_cast<float>(total);
        });
        return {packed, takes_x};
    }

    MambaLayerWeights packed_layer(const MambaMixer &mixer, bool last) {
        const Index e = w_.inner;
        const Index n = w_.states;
        MambaLayerWeights layer = {};
        const Index ep = inner_padded_;
        layer.h_scale = w_.by_pairs ? h_scale(mixer) : 1.0F;
        pack_half(mixer, 0, layer.h_scale, layer.u, layer.u_bias);
        pack_half(mixer, e, layer.h_scale, layer.z, layer.z_bias);
        layer.conv = packer_.transposed(mixer.convolution, e, w_.taps);
        layer.conv_bias = packer_.padded(mixer.convolution_bias, e);
        layer.bc = packer_.panels(mixer.x_projection + w_.rank * e, 2 * n, e);
        layer.x_dt = packer_.operand_rows(mixer.x_projection, w_.rank, round_up(w_.rank, 4), e);
        layer.dt = packer_.transposed(mixer.dt_projection, e, w_.rank);
        layer.dt_bias = packer_.padded(mixer.dt_bias, e);
        float *decay = packer_.zeros(ep * n);
        float *lowest = packer_.zeros(ep);
        for (Index i = 0; i < e; ++i) {
            for (Index s = 0; s < n; ++s) {
                const float a = -std::exp(mixer.a_log[i * n + s]) * LOG2_E;
                decay[(i / kernels.width * n + s) * kernels.width + i % kernels.width] = a;
                /* A NaN stays out: it shows in the result whichever way the scan takes. */
                lowest[i] = std::min(lowest[i], a);
            }
        }
        layer.decay = decay;
        layer.lowest = lowest;
        layer.skip = packer_.padded(mixer.skip, e);
        layer.out = last ? nullptr : packer_.panels(mixer.out_projection, w_.channels, e);
        return layer;
    }

    /* scale = gamma(c), shift = beta(c); the padding is zero. */
    void apply_condition(const float *condition, float *scale_shift) const {
        const Index c = w_.channels;
        const float *next = conditional_norm_;
        for (Index half = 0; half < 2; ++half) {
            const float *weight = next;
            const float *bias = weight + c * condition_;
            float *to = scale_shift + half * channels_padded_;
            for (Index i = 0; i < channels_padded_; ++i) {
                double total = i < c ? static_cast<double>(bias[i]) : 0.0;
                for (Index k = 0; i < c && k < condition_; ++k) {
                    total += static_cast<double>(weight[i * condition_ + k]) * static_cast<double>(condition[k]);
                }
                to[i] = static_cast<float>(total);
            }
            next = bias + c;
        }
    }

    std::int32_t norm_;
    Index condition_;
    Index channels_padded_;
    Index inner_padded_;
    WeightPacker packer_{kernels};
    MambaWeights w_ = {};
    std::vector<MambaLayerWeights> layers_[2];
    const float *fixed_norm_ = nullptr;
    const float *conditional_norm_ = nullptr;
};

} // namespace

std::unique_ptr<earshot_cpu_op> make_mamba_path(const CpuPacking &packing) {
    return std::make_unique<MambaPath>(MambaPathLayer(packing), packing.kernels(), packing.adds_aside);
}

} // namespace earshot
