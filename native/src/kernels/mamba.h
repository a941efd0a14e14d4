/*
 * A bidirectional Mamba path, one group of sequences and one direction at a time.
 *
 * The idea: everything between the norm in front and the projection behind is done for a tile of TILE_ROWS positions
 * that stays in the L2 cache, layer by layer, and only the scan's states and the convolution's last inputs are carried
 * to the next tile. A tile holds a piece of one long sequence or several short ones whole. The backward direction reads
 * and writes the same places from the other end: rows have a negative step. Buffers are position-major, channels
 * padded to the vector's width with zeros; convolution, softplus and scan walk one vector of channels over all
 * positions of the tile, with their intermediates in L1. in_proj is computed a panel of channels at a time, which meets
 * the convolution in L1. The last layer's out_proj and the projection behind are one product (mamba_arguments.h).
 *
 * Per position and direction at C = 64, E = 256, N = 16, R = 4: 62,464 multiply-adds of products, 4,096 state updates,
 * 768 transcendental functions; read and written outside of the cache: C floats each. Bound: multiply-add ports.
 */
#pragma once

#include "inner_product.h"
#include "mamba_arguments.h"
#include "norm_epsilon.h"
#include "scan.h"

namespace earshot::EARSHOT_ISA {

/* Distance between rows of a buffer, beyond what they hold: keeps a column of rows out of a single set of the cache. */
constexpr Index ROW_PADDING = 16;

constexpr Index LINE = 16; /* floats in a line of the cache */
constexpr Index AHEAD = 8; /* rows */

/* A thread's buffers. */
struct MambaBuffers {
    Index h_row;   /* words from one row to the next of h, */
    Index zux_row; /* floats from one to the next of z, u and x side by side, */
    Index bcd_row; /* of B, C and dt side by side */
    float *h, *z, *u, *x, *bc, *dt;
    float *offsets;    /* [TILE_ROWS]: paired_product's of h */
    Index operand_row; /* words from one row to the next of operands */
    float *operands;   /* [TILE_ROWS, operand_row] where products take other than floats */
    float *panel;      /* [taps - 1 + TILE_ROWS, PANEL w]: a panel of channels before the convolution */
    float *delta;      /* [TILE_ROWS, w] */
    float *y;          /* [TILE_ROWS, w] */
    float *history;    /* [layers, P(E) / w, taps - 1, w] */
    float *state;      /* [layers, P(E) / w, N, w] */
    Index floats;

    MambaBuffers(const MambaWeights &w, float *base) : floats(0) {
        const Index inner = padded(w.inner);
        const Index channels = padded(w.channels);
        const Index both = padded(2 * w.states);
        h_row = words(channels) + ROW_PADDING;
        zux_row = channels + 2 * inner + ROW_PADDING;
        bcd_row = both + padded(fours(w.rank)) + ROW_PADDING;
        h = take(base, TILE_ROWS * h_row);
        z = take(base, TILE_ROWS * zux_row);
        u = behind(z, inner);
        x = behind(u, inner);
        bc = take(base, TILE_ROWS * bcd_row);
        dt = behind(bc, both);
        offsets = take(base, TILE_ROWS);
        operand_row = words(channels + inner) + ROW_PADDING;
        operands = take(base, PAIRS ? TILE_ROWS * operand_row : 0);
        panel = take(base, (w.taps - 1 + TILE_ROWS) * PANEL * WIDTH);
        delta = take(base, TILE_ROWS * WIDTH);
        y = take(base, TILE_ROWS * WIDTH);
        history = take(base, w.layers * inner * (w.taps - 1));
        state = take(base, w.layers * inner * w.states);
    }

  private:
    static float *behind(float *p, Index n) { return p == nullptr ? nullptr : p + n; }
    float *take(float *base, Index n) {
        float *p = behind(base, floats);
        floats += (n + 15) / 16 * 16;
        return p;
    }
};

/* A run of rows of the tile that belong to one sequence. */
struct Segment {
    Index first, length;
    const float *x; /* the input at its first row, */
    float *output;  /* the result there, */
    Index step;     /* and the distance of its rows in both */
    const float *norm;
    bool starts; /* at the sequence's first position */
};

inline Index mamba_scratch(const MambaWeights &weights) {
    return MambaBuffers(weights, nullptr).floats;
}

/* x = norm(input): layer norm with the clip's scale and shift, or a copy. */
inline void enter(const MambaWeights &w, const Segment &s, const MambaBuffers &buffers) {
    const float per_channel = 1.0F / static_cast<float>(w.channels);
    const Index channels = padded(w.channels);
    for (Index i = 0; i < s.length; ++i) {
        const float *in = s.x + i * s.step;
        /* Over time every row lies in another page, where the processor does not look ahead by itself. */
        for (Index c = 0; i + AHEAD < s.length && c < w.channels; c += LINE) {
            __builtin_prefetch(in + AHEAD * s.step + c);
        }
        float *out = buffers.x + (s.first + i) * buffers.zux_row;
        if (!w.has_norm) {
            for (Index c = 0; c < channels; c += WIDTH) {
                store(out + c, load_at_most(in + c, w.channels - c));
            }
            continue;
        }
        Vec total = set1(0.0F);
        for (Index c = 0; c < channels; c += WIDTH) {
            total = total + load_at_most(in + c, w.channels - c);
        }
        const Vec mean = set1(sum(total) * per_channel);
        Vec squares = set1(0.0F);
        for (Index c = 0; c < channels; c += WIDTH) {
            const Vec d = (load_at_most(in + c, w.channels - c) - mean) * load(w.valid + c);
            squares = fma(d, d, squares);
        }
        const Vec factor = set1(1.0F / __builtin_sqrtf(sum(squares) * per_channel + EPSILON));
        for (Index c = 0; c < channels; c += WIDTH) {
            const Vec d = load_at_most(in + c, w.channels - c) - mean;
            store(out + c, fma(d * factor, load(s.norm + c), load(s.norm + channels + c)));
        }
    }
}

/* h = x / sqrt(mean(x^2) + eps), scaled, as operands; the norm's weight is part of in_proj. */
inline void rms_norm(const MambaWeights &w, const MambaLayerWeights &layer, Index rows, const MambaBuffers &buffers) {
    const float per_channel = 1.0F / static_cast<float>(w.channels);
    for (Index i = 0; i < rows; ++i) {
        const float *x = buffers.x + i * buffers.zux_row;
        float *h = buffers.h + i * buffers.h_row;
        Vec squares = set1(0.0F);
        for (Index c = 0; c < padded(w.channels); c += WIDTH) {
            squares = fma(load(x + c), load(x + c), squares);
        }
        const Vec factor = set1(layer.h_scale / __builtin_sqrtf(sum(squares) * per_channel + EPSILON));
        for (Index c = 0; c < padded(w.channels); c += WIDTH) {
            store_operand(h, c, load(x + c) * factor);
        }
    }
}

/*
 * to[t] = function(bias + sum over k of operand(t, k) weight_k) for one vector of channels and `length` positions, `step`
 * floats apart; `weight` has a row every `inner` floats. Terms 0: any number of them.
 */
template <Index Terms, class Operand, class Function>
EARSHOT_INLINE void channel_sums(const Operand &operand, const float *weight, Index inner, Index any_terms, Vec bias,
                                 const Function &function, float *to, Index step, Index length) {
    const Index terms = Terms > 0 ? Terms : any_terms;
    Vec fixed[Terms > 0 ? Terms : 1];
    for (Index k = 0; k < Terms; ++k) {
        fixed[k] = load(weight + k * inner);
    }
    in_groups(
        length, [&](Index t, auto group) __attribute__((always_inline)) {
            constexpr Index G = decltype(group)::COUNT;
            Vec totals[G];
#pragma GCC unroll 8
            for (Index i = 0; i < G; ++i) {
                totals[i] = bias;
                for (Index k = 0; k < terms; ++k) {
                    const Vec w = Terms > 0 ? fixed[k] : load(weight + k * inner);
                    totals[i] = fma(operand(t + i, k), w, totals[i]);
                }
            }
            function(totals);
#pragma GCC unroll 8
            for (Index i = 0; i < G; ++i) {
                store(to + (t + i) * step, totals[i]);
            }
        });
}

/* u = SiLU(conv(u)) for one vector of channels, as channel_sums: from rows of a panel, `before` the first one on. */
template <Index Taps>
inline void convolve(const float *panel, const float *weight, Index inner, Index any_taps, Vec bias, float *u,
                     Index step, Index length) {
    const auto operand = [&](Index t, Index k) { return load(panel + (t + k) * PANEL * WIDTH); };
    channel_sums<Taps>(
        operand, weight, inner, any_taps, bias, [](auto &v) { silu(v); }, u, step, length);
}

/*
 * Causal convolution and SiLU of the vector of channels at `e`, which lies at `at` in the panel, for all segments one
 * after the other: the rows in front of a segment are overwritten by what came before it, or zeros.
 */
inline void convolve_segments(const MambaWeights &w, const MambaLayerWeights &layer, const Segment *segments,
                              Index count, const MambaBuffers &buffers, Index e, Index at, float *past) {
    const Index inner = padded(w.inner);
    const Index before = w.taps - 1;
    constexpr Index STEP = PANEL * WIDTH;
    const Vec bias = load(layer.conv_bias + e);
    for (Index s = 0; s < count; ++s) {
        const Segment &segment = segments[s];
        float *panel = buffers.panel + segment.first * STEP + at;
        for (Index k = 0; k < before; ++k) {
            store(panel + k * STEP, segment.starts ? set1(0.0F) : load(past + k * WIDTH));
        }
        for (Index k = 0; k < before; ++k) {
            store(past + k * WIDTH, load(panel + (segment.length + k) * STEP));
        }
        float *u = buffers.u + segment.first * buffers.zux_row + e;
        if (w.taps == 4) {
            convolve<4>(panel, layer.conv + e, inner, 4, bias, u, buffers.zux_row, segment.length);
        } else {
            convolve<0>(panel, layer.conv + e, inner, w.taps, bias, u, buffers.zux_row, segment.length);
        }
    }
}

/* The product of h with a half of in_proj, or with `columns` of it. */
inline void of_h(const MambaWeights &w, const MambaBuffers &buffers, const float *packed, Index columns,
                 const float *bias, Index rows, float *to, Index step) {
    const Index depth = words(w.channels);
    if constexpr (!PAIRS) {
        if (w.by_pairs) {
            paired_product(buffers.h, buffers.h_row, depth, packed, columns, bias, buffers.offsets, rows, to, step);
            return;
        }
    }
    const Tap h = {buffers.h, 0};
    product(&h, 1, buffers.h_row, depth, packed, depth, columns, bias, rows, {to, step, nullptr, 0, columns});
}

/* z, and u = SiLU(conv(u)), out of h. */
inline void in_projection(const MambaWeights &w, const MambaLayerWeights &layer, const Segment *segments, Index count,
                          Index rows, const MambaBuffers &buffers, float *history) {
    const Index inner = padded(w.inner);
    const Index before = w.taps - 1;
    constexpr Index STEP = PANEL * WIDTH;
    for (Index e = 0; e < inner; e += STEP) {
        const Index wide = inner - e < STEP ? inner - e : STEP;
        of_h(w, buffers, layer.u + e * words(w.channels), wide, layer.u_bias + e, rows, buffers.panel + before * STEP,
             STEP);
        for (Index at = 0; at < wide; at += WIDTH) {
            convolve_segments(w, layer, segments, count, buffers, e + at, at, history + (e + at) * before);
        }
    }
    of_h(w, buffers, layer.z, inner, layer.z_bias, rows, buffers.z, buffers.zux_row);
}

/* delta = softplus(dt_proj dt + bias) for one vector of channels, as channel_sums. */
template <Index Rank>
inline void step_sizes(const float *dt, Index dt_step, const float *weight, Index inner, Index any_rank, Vec bias,
                       Index length, float *delta) {
    const auto operand = [&](Index t, Index r) { return set1(dt[t * dt_step + r]); };
    channel_sums<Rank>(
        operand, weight, inner, any_rank, bias, [](auto &v) { softplus(v); }, delta, WIDTH, length);
}

/* u becomes the gated output of the scan. */
inline void scan_tile(const MambaWeights &w, const MambaLayerWeights &layer, const Segment *segments, Index count,
                      const MambaBuffers &buffers, float *states) {
    const Index inner = padded(w.inner);
    for (Index e = 0; e < inner; e += WIDTH) {
        float *state = states + e * w.states;
        for (Index s = 0; s < count; ++s) {
            const Segment &segment = segments[s];
            if (segment.starts) {
                for (Index n = 0; n < w.states; ++n) {
                    store(state + n * WIDTH, set1(0.0F));
                }
            }
            const float *dt = buffers.dt + segment.first * buffers.bcd_row;
            const Vec bias = load(layer.dt_bias + e);
            if (w.rank == 4) {
                step_sizes<4>(dt, buffers.bcd_row, layer.dt + e, inner, 4, bias, segment.length, buffers.delta);
            } else {
                step_sizes<0>(dt, buffers.bcd_row, layer.dt + e, inner, w.rank, bias, segment.length, buffers.delta);
            }
            const float *b = buffers.bc + segment.first * buffers.bcd_row;
            float *u = buffers.u + segment.first * buffers.zux_row + e;
            scan(layer.decay + e * w.states, layer.lowest + e, layer.skip + e, state, buffers.delta, u, u - inner,
                 buffers.zux_row, b, b + w.states, buffers.bcd_row, w.states, segment.length, buffers.y);
        }
    }
}

/* `rows` rows of z, u and x as operands, from the row and column of `from` on. */
inline Operand operands_of(const MambaBuffers &buffers, const float *from, Index columns, Index rows) {
    return operand(from, buffers.zux_row, columns, rows, buffers.operands, buffers.operand_row);
}

/* The product of operands, `depth` numbers a row, with panels. */
inline void product_of(const Operand &a, Index depth, const float *packed, Index columns_padded, const float *bias,
                       Index rows, const Target &target) {
    const Tap tap = {a.row, 0};
    product(&tap, 1, a.step, words(depth), packed, words(depth), columns_padded, bias, rows, target);
}

/* B, C and dt, out of u. */
inline void x_projection(const MambaWeights &w, const MambaLayerWeights &layer, Index rows,
                         const MambaBuffers &buffers) {
    const Index inner = padded(w.inner);
    const Index both = padded(2 * w.states);
    const Operand u = operands_of(buffers, buffers.u, inner, rows);
    product_of(u, w.inner, layer.bc, both, w.zeros, rows, {buffers.bc, buffers.bcd_row, nullptr, 0, both});
    for (Index r = 0; r < w.rank; r += 4) {
        four_columns(u.row, u.step, words(inner), layer.x_dt + r * words(inner), rows, buffers.dt + r, buffers.bcd_row);
    }
}

/* All layers and the projection for the rows of a tile. */
inline void mamba_tile(const MambaWeights &w, int direction, const Segment *segments, Index count, Index rows,
                       bool add_to_output, const MambaBuffers &buffers) {
    const Index channels = padded(w.channels);
    const Index inner = padded(w.inner);
    for (Index s = 0; s < count; ++s) {
        enter(w, segments[s], buffers);
    }
    for (Index l = 0; l < w.layers; ++l) {
        const MambaLayerWeights &layer = w.layer[direction][l];
        rms_norm(w, layer, rows, buffers);
        if (w.by_pairs) {
            pair_offsets(buffers.h, buffers.h_row, padded(w.channels), rows, buffers.offsets);
        }
        in_projection(w, layer, segments, count, rows, buffers, buffers.history + l * inner * (w.taps - 1));
        x_projection(w, layer, rows, buffers);
        scan_tile(w, layer, segments, count, buffers, buffers.state + l * inner * w.states);
        if (l + 1 < w.layers) {
            product_of(operands_of(buffers, buffers.u, inner, rows), w.inner, layer.out, channels, w.zeros, rows,
                       {buffers.x, buffers.zux_row, buffers.x, buffers.zux_row, channels});
        }
    }
    const Projection &projection = w.projection[direction];
    const Index depth = projection.takes_x ? inner + w.channels : w.inner;
    for (Index s = 0; s < count; ++s) {
        const Segment &segment = segments[s];
        const bool forward = direction == 0;
        const float *add = forward ? segment.x : add_to_output ? segment.output : nullptr;
        const float *from = buffers.u + segment.first * buffers.zux_row;
        product_of(operands_of(buffers, from, padded(depth), segment.length), depth, projection.weight, channels,
                   forward ? w.projection_bias : w.zeros, segment.length,
                   {segment.output, segment.step, add, segment.step, w.channels});
    }
}

inline void mamba_group(const MambaRun &run, Index group, int direction, float *scratch) {
    const MambaWeights &w = *run.weights;
    const MambaBuffers buffers(w, scratch);
    const Index length = w.over_time ? run.frames : run.bands;
    const Index per_clip = w.over_time ? run.bands : run.frames;
    const Index step = (w.over_time ? run.bands : 1) * w.channels;
    const Index from = group * run.group;
    const Index to = from + run.group < run.batch * per_clip ? from + run.group : run.batch * per_clip;
    float *output = direction == 1 && run.partial != nullptr ? run.partial : run.output;
    const bool add_to_output = direction == 1 && run.partial == nullptr;

    /* A long sequence comes in pieces of equal length, short ones whole and several to a tile. */
    const Index pieces = (length + TILE_ROWS - 1) / TILE_ROWS;
    for (Index piece = 0; piece < pieces; ++piece) {
        const Index start = length * piece / pieces;
        const Index end = length * (piece + 1) / pieces;
        Segment segments[TILE_ROWS];
        Index count = 0;
        Index rows = 0;
        for (Index sequence = from; sequence < to; ++sequence) {
            const Index clip = sequence / per_clip;
            const Index within = sequence % per_clip;
            const Index origin =
                clip * run.frames * run.bands * w.channels + within * (w.over_time ? 1 : run.bands) * w.channels;
            const Index at = origin + (direction == 0 ? start : length - 1 - start) * step;
            segments[count++] = {rows,
                                 end - start,
                                 run.x + at,
                                 output + at,
                                 direction == 0 ? step : -step,
                                 w.has_norm ? run.norm + clip * run.norm_step : nullptr,
                                 piece == 0};
            rows += end - start;
        }
        mamba_tile(w, direction, segments, count, rows, add_to_output, buffers);
    }
}

} // namespace earshot::EARSHOT_ISA
