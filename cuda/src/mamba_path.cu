/*
 * EARSHOT_LAYER_MAMBA_PATH: the kernels of one path in their order.
 *
 *   in_proj   h = norm(x); [x, z] = (W diag(norm weight)) (h rms(h)), both directions (in_projection.h)
 *   x_proj    u = SiLU(causal convolution of u); [dt, B, C] = W u (x_projection.h)
 *   scan      y = (selective scan of u) * SiLU(z)
 *   out       x + bias + P [h + W_f y_f; h + W_b y_b] = x + bias + (P W)[y_f; y_b] + (P_f + P_b) h
 *
 * Of the first layer, one kernel makes the first two steps (mamba_front.h) where the device has room for its weights.
 * Where they have no kernel (odd sizes, devices without tensor cores, layers behind the first), norm, product
 * and convolution are launched one by one: the RMS norm is then a factor for each token that in_proj applies to its
 * sums.
 *
 * The last step is one product: the projection is multiplied into out_proj when the layer is prepared (in float64), so
 * that 2 C numbers a token are never written, and a fifth of the flops goes away. Where a direction has several layers,
 * all but the last write h_d = h_d + W_d y_d, and the last product reads both h_d instead of h.
 *
 * Scratch for each token (floats): h C, factors 2, [x, z] 4 E (or z 2 E, of bfloat16 E), u 2 E (E), [dt, B, C] 2 (R + 2 N), y 2 E, h_d 2 C.
 */
#include <cmath>

#include "cuda_operation.h"
#include "in_projection.h"
#include "layers.h"
#include "mamba_front.h"
#include "product.h"
#include "runtime.h"
#include "scan.h"
#include "token_norm.h"
#include "vectors.h"
#include "x_projection.h"

namespace earshot {

namespace {

/* What the kernels of scan.h keep in registers. */
constexpr std::int32_t MOST_TAPS = 8;
constexpr std::int32_t MOST_STATES = 256;

/* What one layer of both directions needs on the device. */
struct PreparedMixer {
    DeviceArray<std::uint32_t> in_projection;
    DeviceArray<float> in_scale; /* [2, 2 E], where the norm's kernel makes in_proj */
    DeviceArray<std::uint32_t> x_projection;
    DeviceArray<float> x_range;                /* [2, E], where the convolution's kernel makes x_proj */
    DeviceArray<float> x_scale;                /* [2, columns] */
    DeviceArray<std::uint32_t> out_projection; /* of all layers but the last */
    DeviceArray<float> convolution;            /* [2, K, E] */
    DeviceArray<float> convolution_bias;       /* [2, E] */
    DeviceArray<float> dt_projection;          /* [2, R, E] */
    DeviceArray<float> dt_bias;                /* [2, E] */
    DeviceArray<float> a;                      /* [2, N, E] */
    DeviceArray<float> skip;                   /* [2, E] */
};

/* [rows, columns] of each direction to [direction, columns, rows], with so many columns of zeros in front. */
template <class Value>
DeviceArray<float> transposed(const MambaPathLayer &layer, std::int32_t index, std::int32_t rows, std::int32_t columns,
                              const float *MambaMixer::*tensor, Value value, std::int32_t zeros = 0) {
    std::vector<float> all;
    for (const auto &direction : layer.directions) {
        all.insert(all.end(), static_cast<std::size_t>(zeros) * static_cast<std::size_t>(rows), 0.0F);
        const float *from = direction[static_cast<std::size_t>(index)].*tensor;
        for (std::int32_t j = 0; j < columns; ++j) {
            for (std::int32_t i = 0; i < rows; ++i) {
                all.push_back(value(from[Index{i} * columns + j]));
            }
        }
    }
    return DeviceArray<float>(all);
}

float same(float x) {
    return x;
}

class MambaPath final : public CarvedOperation<MambaPath> {
    friend CarvedOperation<MambaPath>;

  public:
    MambaPath(const MambaPathLayer &layer, Arithmetic arithmetic)
        : arithmetic_(arithmetic), axis_(layer.axis), norm_(layer.norm), condition_(layer.condition),
          layers_(layer.layers), channels_(layer.channels), inner_(layer.inner), states_(layer.states),
          rank_(layer.rank), taps_(layer.taps), dt_width_(static_cast<std::int32_t>(round_up(layer.rank, 4))),
          state_width_(static_cast<std::int32_t>(round_up(layer.states, 4))) {
        if (layer.taps > MOST_TAPS || layer.states > MOST_STATES) {
            throw Failure{STATUS_UNSUPPORTED, "a Mamba layer of " + std::to_string(layer.taps) + " taps and " +
                                                  std::to_string(layer.states) + " states; the kernels have at most " +
                                                  std::to_string(MOST_TAPS) + " and " + std::to_string(MOST_STATES)};
        }
        front_ = has_mamba_front(channels_, inner_, taps_, x_width(), in_pairs(arithmetic_));
        pairs_ = front_ && layers_ == 1 && front_makes_pairs(inner_, in_pairs(arithmetic_)) &&
                 scan_takes_pairs(inner_, states_, rank_);
        y_pairs_ = pairs_ && product_takes_pairs(arithmetic_, 2 * inner_, channels_);
        fused_in_ = has_in_projection(channels_, 4 * inner_, in_pairs(arithmetic_));
        fused_x_ = has_x_projection(inner_, taps_, x_width(), in_pairs(arithmetic_));
        if (norm_ == EARSHOT_NORM_LAYER) {
            norm_parameters_ = to_device(layer.scale, 2 * Index{channels_});
        } else if (norm_ == EARSHOT_NORM_CONDITIONAL) {
            norm_parameters_ = to_device(layer.gamma, 2 * Index{channels_} * (condition_ + Index{1}));
        }
        for (std::int32_t i = 0; i < layers_; ++i) {
            mixers_.push_back(prepare(layer, i));
        }
        projection_ = DeviceArray<std::uint32_t>(pack_product({projection(layer)}, arithmetic));
        projection_bias_ = to_device(layer.projection_bias, channels_);
    }

    void check(const Extents &) const override {}
    Index input0_floats(const Extents &e) const override { return size_product({e.positions(), channels_}); }
    Index input1_floats(const Extents &e) const override { return size_product({e.batch, condition_}); }
    Index output_floats(const Extents &e) const override { return input0_floats(e); }

    void enqueue(const Arguments &a) const override {
        const Extents &e = a.extents;
        const Scratch s = scratch(a);
        const Span<const float> h = norm_ == EARSHOT_NORM_NONE ? a.input0 : Span<const float>(s.h);
        const TokenNorm norm = {norm_,      e.batch,  e.frames * e.bands,      channels_,
                                condition_, a.input0, norm_parameters_.span(), a.input1,
                                s.h,        s.factors};
        if (front_) {
            run_front(norm, a, s);
        } else if (fused_in_) {
            InProjection in = {};
            in.norm = norm;
            in.columns = 4 * inner_;
            in.weights = mixers_[0].in_projection.span();
            in.scale = mixers_[0].in_scale.span();
            in.out = s.xz;
            earshot::check(earshot::enqueue(in, in_pairs(arithmetic_), a.stream), "norm and in_proj");
        } else {
            earshot::check(earshot::enqueue(norm, a.stream), "norm of a Mamba path");
        }
        for (std::int32_t i = 0; i < layers_; ++i) {
            run_layer(i, a, s, h);
        }
        const Rows last =
            layers_ == 1 ? Rows{h, channels_, channels_} : Rows{s.directions, 2 * Index{channels_}, 2 * channels_};
        Product out = {};
        out.rows = e.positions();
        out.columns = channels_;
        out.groups = 1;
        out.source[0] = {s.y, 2 * Index{inner_}, 2 * inner_};
        if (y_pairs_) {
            out.pairs = as_words(s.y);
        }
        out.source[1] = last;
        out.weights = projection_.span();
        out.bias = projection_bias_.span();
        out.residual = {a.input0, channels_, channels_};
        out.out = a.output;
        out.out_stride = channels_;
        earshot::check(earshot::enqueue(out, arithmetic_, a.stream), "projection of a Mamba path");
    }

  private:
    struct Scratch {
        Span<float> h;
        Span<float> factors;
        Span<float> xz;
        Span<float> u;
        Span<float> x_projection;
        Span<float> y;
        Span<float> directions;
        Span<float> carry;
    };

    Sequences sequences(const Extents &e) const {
        return axis_ == EARSHOT_AXIS_TIME ? Sequences::along_time(e.batch, e.frames, e.bands)
                                          : Sequences::along_frequency(e.batch, e.frames, e.bands);
    }

    std::int32_t x_width() const { return dt_width_ + 2 * state_width_; }

    Scratch carve(Carver &carver, const Extents &e) const {
        const Index tokens = size_product({e.batch, e.frames, e.bands});
        Scratch s;
        s.h = carver.take(norm_ == EARSHOT_NORM_NONE ? 0 : size_product({tokens, channels_}));
        s.factors = carver.take(size_product({tokens, layers_ == 1 ? 1 : 2}));
        s.xz = carver.take(size_product({tokens, pairs_ ? 1 : front_ && layers_ == 1 ? 2 : 4, inner_}));
        s.u = carver.take(size_product({tokens, pairs_ ? 1 : 2, inner_}));
        s.x_projection = carver.take(size_product({tokens, 2, x_width()}));
        s.y = carver.take(size_product({tokens, y_pairs_ ? 1 : 2, inner_}));
        s.directions = carver.take(layers_ == 1 ? 0 : size_product({tokens, 2, channels_}));
        s.carry = carver.take(scan_scratch(sequences(e), inner_, states_, device().multiprocessors));
        return s;
    }

    void run_layer(std::int32_t i, const Arguments &a, const Scratch &s, const Span<const float> &h) const {
        const Index tokens = a.extents.positions();
        const PreparedMixer &mixer = mixers_[static_cast<std::size_t>(i)];
        const bool first = i == 0;
        if (!first) {
            earshot::check(
                earshot::enqueue(
                    TokenNorm{EARSHOT_NORM_NONE, 1, 2 * tokens, channels_, 0, s.directions, {}, {}, {}, s.factors},
                    a.stream),
                "RMS norm of a Mamba layer");
        }
        /* The first layer of both directions reads h, later ones read what their own direction wrote. */
        const Rows source = first ? Rows{h, channels_, channels_} : Rows{s.directions, 2 * Index{channels_}, channels_};
        const std::int32_t step = first ? 0 : channels_;
        const bool front = first && front_;
        if (!front && (!first || !fused_in_)) {
            Product in = {};
            in.rows = tokens;
            in.columns = 2 * inner_;
            in.groups = 2;
            in.source[0] = source;
            in.source_step = step;
            in.weights = mixer.in_projection.span();
            in.scale = s.factors;
            in.scale_stride = first ? 1 : 2;
            in.scale_step = first ? 0 : 1;
            in.out = s.xz;
            in.out_stride = 4 * Index{inner_};
            in.out_step = 2 * inner_;
            earshot::check(earshot::enqueue(in, arithmetic_, a.stream), "in_proj");
        }
        if (!front) {
            run_x_projection(mixer, a, s);
        }

        SelectiveScan scan = {};
        scan.sequences = sequences(a.extents);
        scan.inner = inner_;
        scan.states = states_;
        scan.rank = rank_;
        scan.dt_width = dt_width_;
        scan.state_width = state_width_;
        /* The front leaves SiLU(z) alone, the others [x, z]. */
        scan.z = front ? s.xz : s.xz.part(inner_, tokens * 4 * inner_ - inner_);
        scan.z_step = front ? 1 : 2;
        scan.gated = front;
        if (pairs_) {
            scan.u_pairs = as_words(s.u);
            scan.gate_pairs = as_words(s.xz);
        }
        if (y_pairs_) {
            scan.y_pairs = mutable_words(s.y);
        }
        scan.u = s.u;
        scan.x_projection = s.x_projection;
        scan.dt_weight = mixer.dt_projection.span();
        scan.dt_bias = mixer.dt_bias.span();
        scan.a = mixer.a.span();
        scan.d = mixer.skip.span();
        scan.y = s.y;
        scan.carry = s.carry;
        earshot::check(earshot::enqueue(scan, device().multiprocessors, a.stream), "selective scan");

        if (i + 1 < layers_) {
            Product out = {};
            out.rows = tokens;
            out.columns = channels_;
            out.groups = 2;
            out.source[0] = {s.y, 2 * Index{inner_}, inner_};
            out.source_step = inner_;
            out.weights = mixer.out_projection.span();
            out.residual = source;
            out.residual_step = step;
            /* In place from the second layer on: an element is read and written by the same thread. */
            out.out = s.directions;
            out.out_stride = 2 * Index{channels_};
            out.out_step = channels_;
            earshot::check(earshot::enqueue(out, arithmetic_, a.stream), "out_proj");
        }
    }

    void run_front(const TokenNorm &norm, const Arguments &a, const Scratch &s) const {
        const PreparedMixer &mixer = mixers_[0];
        const auto frames = static_cast<std::int32_t>(a.extents.frames);
        const auto bands = static_cast<std::int32_t>(a.extents.bands);
        MambaFront front = {};
        front.norm = norm;
        front.sequences = axis_ == EARSHOT_AXIS_TIME ? ClipSequences{frames, bands, 1} : ClipSequences{bands, 1, bands};
        front.inner = inner_;
        front.columns = x_width();
        front.in_projection = mixer.in_projection.span();
        front.x_projection = mixer.x_projection.span();
        front.convolution = mixer.convolution.span();
        front.bias = mixer.convolution_bias.span();
        front.range = mixer.x_range.span();
        front.gate_scale = mixer.in_scale.span();
        front.scale = mixer.x_scale.span();
        if (pairs_) {
            front.u_pairs = mutable_words(s.u);
            front.gate_pairs = mutable_words(s.xz);
        } else {
            front.u = s.u;
            front.gate = s.xz;
        }
        front.out = s.x_projection;
        earshot::check(earshot::enqueue(front, in_pairs(arithmetic_), device().multiprocessors, a.stream),
                       "norm, in_proj, causal convolution and x_proj");
    }

    void run_x_projection(const PreparedMixer &mixer, const Arguments &a, const Scratch &s) const {
        const CausalConvolution convolution = {
            sequences(a.extents),          inner_, fused_x_ ? X_PROJECTION_TAPS : taps_, s.xz, mixer.convolution.span(),
            mixer.convolution_bias.span(), s.u};
        if (fused_x_) {
            earshot::check(
                earshot::enqueue(XProjection{convolution, x_width(), mixer.x_range.span(), mixer.x_projection.span(),
                                             mixer.x_scale.span(), s.x_projection},
                                 in_pairs(arithmetic_), a.stream),
                "causal convolution and x_proj");
            return;
        }
        earshot::check(earshot::enqueue(convolution, a.stream), "causal convolution");
        Product x = {};
        x.rows = a.extents.positions();
        x.columns = x_width();
        x.groups = 2;
        x.source[0] = {s.u, 2 * Index{inner_}, inner_};
        x.source_step = inner_;
        x.weights = mixer.x_projection.span();
        x.out = s.x_projection;
        x.out_stride = 2 * Index{x_width()};
        x.out_step = x_width();
        earshot::check(earshot::enqueue(x, arithmetic_, a.stream), "x_proj");
    }

    /* What the front's kernel needs of the first layer. */
    void prepare_front(const MambaPathLayer &layer, PreparedMixer &mixer) const {
        MambaFrontWeights weights;
        for (const auto &direction : layer.directions) {
            const MambaMixer &m = direction[0];
            const std::vector<float> in = in_projection(m).values;
            pack_mamba_front(in, channels_, m.convolution, taps_, m.convolution_bias, x_projection(m).values, x_width(),
                             bounds_of_u(m, in), in_pairs(arithmetic_), pairs_, weights);
        }
        mixer.in_projection = DeviceArray<std::uint32_t>(weights.in_projection);
        mixer.in_scale = DeviceArray<float>(weights.gate_scale);
        mixer.x_projection = DeviceArray<std::uint32_t>(weights.x_projection);
        mixer.x_range = DeviceArray<float>(weights.range);
        mixer.x_scale = DeviceArray<float>(weights.scale);
        mixer.convolution = DeviceArray<float>(weights.convolution);
        mixer.convolution_bias = DeviceArray<float>(weights.bias);
    }

    /* What the kernels of the single steps need. */
    void prepare_steps(const MambaPathLayer &layer, std::int32_t i, PreparedMixer &mixer) const {
        std::vector<std::vector<HostMatrix>> in;
        std::vector<std::vector<HostMatrix>> x;
        for (const auto &direction : layer.directions) {
            const MambaMixer &m = direction[static_cast<std::size_t>(i)];
            in.push_back({in_projection(m)});
            x.push_back({x_projection(m)});
        }
        if (i == 0 && fused_in_) {
            std::vector<float> both = in[0][0].values;
            both.insert(both.end(), in[1][0].values.begin(), in[1][0].values.end());
            std::vector<float> scale;
            mixer.in_projection = DeviceArray<std::uint32_t>(
                pack_in_projection(both, 4 * inner_, channels_, in_pairs(arithmetic_), scale));
            mixer.in_scale = DeviceArray<float>(scale);
        } else {
            mixer.in_projection = DeviceArray<std::uint32_t>(pack_product(in, arithmetic_));
        }
        if (fused_x_) {
            std::vector<std::uint32_t> packed;
            std::vector<float> range;
            std::vector<float> scale;
            for (std::size_t d = 0; d < 2; ++d) {
                pack_x_projection(x[d][0].values, x_width(), inner_,
                                  bounds_of_u(layer.directions[d][static_cast<std::size_t>(i)], in[d][0].values),
                                  in_pairs(arithmetic_), packed, range, scale);
            }
            mixer.x_projection = DeviceArray<std::uint32_t>(packed);
            mixer.x_range = DeviceArray<float>(range);
            mixer.x_scale = DeviceArray<float>(scale);
        } else {
            mixer.x_projection = DeviceArray<std::uint32_t>(pack_product(x, arithmetic_));
        }
        mixer.convolution = transposed(layer, i, inner_, taps_, &MambaMixer::convolution, same,
                                       fused_x_ ? X_PROJECTION_TAPS - taps_ : 0);
        mixer.convolution_bias = transposed(layer, i, inner_, 1, &MambaMixer::convolution_bias, same);
    }

    PreparedMixer prepare(const MambaPathLayer &layer, std::int32_t i) const {
        PreparedMixer mixer;
        if (i == 0 && front_) {
            prepare_front(layer, mixer);
        } else {
            prepare_steps(layer, i, mixer);
        }
        if (i + 1 < layers_) {
            std::vector<std::vector<HostMatrix>> out;
            for (const auto &direction : layer.directions) {
                const float *weight = direction[static_cast<std::size_t>(i)].out_projection;
                out.push_back({{channels_, inner_, std::vector<float>(weight, weight + Index{channels_} * inner_)}});
            }
            mixer.out_projection = DeviceArray<std::uint32_t>(pack_product(out, arithmetic_));
        }
        mixer.dt_projection = transposed(layer, i, inner_, rank_, &MambaMixer::dt_projection, same);
        mixer.dt_bias = transposed(layer, i, inner_, 1, &MambaMixer::dt_bias, same);
        mixer.a = transposed(layer, i, inner_, states_, &MambaMixer::a_log,
                             [](float a_log) { return -std::exp(a_log) * LOG2_E; });
        mixer.skip = transposed(layer, i, inner_, 1, &MambaMixer::skip, same);
        return mixer;
    }

    /* in_proj with the RMS norm's weight multiplied in. */
    HostMatrix in_projection(const MambaMixer &m) const {
        HostMatrix matrix = {2 * inner_, channels_, {}};
        for (Index i = 0; i < 2 * Index{inner_}; ++i) {
            for (Index c = 0; c < channels_; ++c) {
                matrix.values.push_back(m.in_projection[i * channels_ + c] * m.norm[c]);
            }
        }
        return matrix;
    }

    /*
     * What |u| cannot exceed: the RMS norm leaves a mean square of at most 1, so by Cauchy and Schwarz |x| is at most
     * sqrt(C) times the length of its row of in_proj; the convolution adds up its taps, and |SiLU(p)| is at most |p|.
     */
    std::vector<float> bounds_of_u(const MambaMixer &m, const std::vector<float> &in) const {
        std::vector<float> bounds;
        for (Index i = 0; i < inner_; ++i) {
            double squares = 0;
            for (Index c = 0; c < channels_; ++c) {
                const double w = in[static_cast<std::size_t>(i * channels_ + c)];
                squares += w * w;
            }
            double taps = 0;
            for (Index k = 0; k < taps_; ++k) {
                taps += std::fabs(static_cast<double>(m.convolution[i * taps_ + k]));
            }
            bounds.push_back(static_cast<float>(std::fabs(static_cast<double>(m.convolution_bias[i])) +
                                                taps * std::sqrt(squares * static_cast<double>(channels_))));
        }
        return bounds;
    }

    /* x_proj with rows of zeros where dt, B and C are filled up to multiples of 4. */
    HostMatrix x_projection(const MambaMixer &m) const {
        HostMatrix matrix = {x_width(), inner_, {}};
        matrix.values.resize(static_cast<std::size_t>(Index{x_width()} * inner_));
        Index from = 0;
        const auto copy = [&](Index row, Index rows) {
            for (Index i = 0; i < rows * inner_; ++i) {
                matrix.values[static_cast<std::size_t>(row * inner_ + i)] = m.x_projection[from++];
            }
        };
        copy(0, rank_);
        copy(dt_width_, states_);
        copy(dt_width_ + state_width_, states_);
        return matrix;
    }

    /* The last product's matrices for [y_f; y_b] and for h, or [h_f; h_b]. */
    std::vector<HostMatrix> projection(const MambaPathLayer &layer) const {
        const Index c = channels_;
        HostMatrix of_y = {channels_, 2 * inner_, {}};
        HostMatrix of_h = {channels_, layers_ == 1 ? channels_ : 2 * channels_, {}};
        for (Index o = 0; o < c; ++o) {
            for (Index direction = 0; direction < 2; ++direction) {
                const float *out = layer.directions[direction].back().out_projection;
                for (Index k = 0; k < inner_; ++k) {
                    double sum = 0;
                    for (Index j = 0; j < c; ++j) {
                        sum += static_cast<double>(layer.projection[(direction * c + j) * c + o]) * out[j * inner_ + k];
                    }
                    of_y.values.push_back(static_cast<float>(sum));
                }
            }
            for (Index j = 0; j < of_h.width; ++j) {
                of_h.values.push_back(layers_ == 1 ? layer.projection[j * c + o] + layer.projection[(c + j) * c + o]
                                                   : layer.projection[j * c + o]);
            }
        }
        return {of_y, of_h};
    }

    Arithmetic arithmetic_;
    std::int32_t axis_;
    std::int32_t norm_;
    std::int32_t condition_;
    std::int32_t layers_;
    std::int32_t channels_;
    std::int32_t inner_;
    std::int32_t states_;
    std::int32_t rank_;
    std::int32_t taps_;
    std::int32_t dt_width_;
    std::int32_t state_width_;
    /* Whether there is a kernel for all that is in front of the first layer's scan; if not, or for later layers, one
       that norms and makes in_proj, and one that convolves and makes x_proj. */
    bool front_;
    /* Whether that one hands the scan numbers of bfloat16. */
    bool pairs_;
    bool y_pairs_;
    bool fused_in_;
    bool fused_x_;
    DeviceArray<float> norm_parameters_;
    std::vector<PreparedMixer> mixers_;
    DeviceArray<std::uint32_t> projection_;
    DeviceArray<float> projection_bias_;
};

} // namespace

std::unique_ptr<earshot_cuda_op> make_mamba_path(const CudaPacking &packing) {
    const MambaPathLayer layer(packing);
    return std::make_unique<MambaPath>(layer, block_arithmetic(layer.channels, packing.arithmetic));
}

} // namespace earshot
