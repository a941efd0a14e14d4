/*
 * A bidirectional Mamba path, one group of sequences and one direction at a time.
 *
 * The idea: everything between the norm in front and the projection behind is done for a tile of TILE_ROWS positions
 * that stays in the L2 cache, layer by layer, and only the scan's states and the convolution's last inputs are carried
 * to the next tile. A tile holds a piece of one long sequence or several short ones whole. The backward direction reads
 * and writes the same places from the other end: rows have a negative step. Buffers are position-major, channels
 * padded to the vector's width with zeros; convolution, softplus and scan walk one vector of channels over all
 * positions of the tile, with their intermediates in L1.
 *
 * Per position and direction at C = 64, E = 256, N = 16, R = 4: 63,000 multiply-adds of products, 4,096 state updates,
 * 768 transcendental functions; read and written outside of the cache: C floats each. Bound: multiply-add ports.
 */
#pragma once

#include "gemm.h"
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
    Index row;     /* floats from one row to the next of x and h, */
    Index uz_row;  /* of u and z side by side, */
    Index dbc_row; /* of dt, B and C side by side */
    float *x, *h, *uz, *dbc;
    Index operand_row; /* words from one row to the next of operands */
    float *operands;   /* [TILE_ROWS, operand_row] where products take other than floats */
    float *column;     /* [taps - 1 + TILE_ROWS, w]: one vector of channels */
    float *y;          /* [TILE_ROWS, w] */
    float *history;    /* [layers, P(E) / w, taps - 1, w] */
    float *state;      /* [layers, P(E) / w, N, w] */
    Index floats;

    MambaBuffers(const MambaWeights &w, float *base) : floats(0) {
        const Index inner = padded(w.inner);
        row = padded(w.channels) + ROW_PADDING;
        uz_row = 2 * inner + ROW_PADDING;
        dbc_row = padded(w.rank + 2 * w.states) + ROW_PADDING;
        x = take(base, TILE_ROWS * row);
        h = take(base, TILE_ROWS * row);
        uz = take(base, TILE_ROWS * uz_row);
        dbc = take(base, TILE_ROWS * dbc_row);
        operand_row = words(inner > padded(w.channels) ? inner : padded(w.channels)) + ROW_PADDING;
        operands = take(base, PAIRS ? TILE_ROWS * operand_row : 0);
        column = take(base, (w.taps - 1 + TILE_ROWS) * WIDTH);
        y = take(base, TILE_ROWS * WIDTH);
        history = take(base, w.layers * inner * (w.taps - 1));
        state = take(base, w.layers * inner * w.states);
    }

  private:
    float *take(float *base, Index n) {
        float *p = base == nullptr ? nullptr : base + floats;
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
        float *out = buffers.x + (s.first + i) * buffers.row;
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

/* h = x / sqrt(mean(x^2) + eps), as operands; the norm's weight is part of in_proj. */
inline void rms_norm(const MambaWeights &w, Index rows, const MambaBuffers &buffers) {
    const float per_channel = 1.0F / static_cast<float>(w.channels);
    for (Index i = 0; i < rows; ++i) {
        const float *x = buffers.x + i * buffers.row;
        float *h = buffers.h + i * buffers.row;
        Vec squares = set1(0.0F);
        for (Index c = 0; c < padded(w.channels); c += WIDTH) {
            squares = fma(load(x + c), load(x + c), squares);
        }
        const Vec factor = set1(1.0F / __builtin_sqrtf(sum(squares) * per_channel + EPSILON));
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

/* u = SiLU(conv(u)) for one vector of channels, as channel_sums. */
template <Index Taps>
inline void convolve(const float *column, const float *weight, Index inner, Index any_taps, Vec bias, float *u,
                     Index step, Index length) {
    const auto operand = [&](Index t, Index k) { return load(column + (t + k) * WIDTH); };
    channel_sums<Taps>(
        operand, weight, inner, any_taps, bias, [](auto &v) { silu(v); }, u, step, length);
}

/* Causal convolution and SiLU on the tile's u, in place. */
inline void convolve_all(const MambaWeights &w, const MambaLayerWeights &layer, const Segment *segments, Index count,
                         const MambaBuffers &buffers, float *history) {
    const Index inner = padded(w.inner);
    const Index before = w.taps - 1;
    for (Index e = 0; e < inner; e += WIDTH) {
        float *past = history + e * before;
        for (Index s = 0; s < count; ++s) {
            const Segment &segment = segments[s];
            float *u = buffers.uz + segment.first * buffers.uz_row + e;
            for (Index k = 0; k < before; ++k) {
                store(buffers.column + k * WIDTH, segment.starts ? set1(0.0F) : load(past + k * WIDTH));
            }
            for (Index t = 0; t < segment.length; ++t) {
                store(buffers.column + (before + t) * WIDTH, load(u + t * buffers.uz_row));
            }
            for (Index k = 0; k < before; ++k) {
                store(past + k * WIDTH, load(buffers.column + (segment.length + k) * WIDTH));
            }
            const Vec bias = load(layer.conv_bias + e);
            if (w.taps == 4) {
                convolve<4>(buffers.column, layer.conv + e, inner, 4, bias, u, buffers.uz_row, segment.length);
            } else {
                convolve<0>(buffers.column, layer.conv + e, inner, w.taps, bias, u, buffers.uz_row, segment.length);
            }
        }
    }
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
            const float *dbc = buffers.dbc + segment.first * buffers.dbc_row;
            const Vec bias = load(layer.dt_bias + e);
            if (w.rank == 4) {
                step_sizes<4>(dbc, buffers.dbc_row, layer.dt + e, inner, 4, bias, segment.length, buffers.column);
            } else {
                step_sizes<0>(dbc, buffers.dbc_row, layer.dt + e, inner, w.rank, bias, segment.length, buffers.column);
            }
            float *u = buffers.uz + segment.first * buffers.uz_row + e;
            scan(layer.decay + e * w.states, layer.lowest + e, layer.skip + e, state, buffers.column, u, u + inner,
                 buffers.uz_row, dbc + w.rank, dbc + w.rank + w.states, buffers.dbc_row, w.states, segment.length,
                 buffers.y);
        }
    }
}

/* The product of a buffer's rows, [rows, depth], with packed weights. */
inline void product_of(const float *from, Index step, Index depth, const MambaBuffers &buffers, const float *packed,
                       Index columns_padded, const float *bias, Index rows, const Target &target) {
    const Operand a = operand(from, step, padded(depth), rows, buffers.operands, buffers.operand_row);
    const Tap tap = {a.row, 0};
    product(&tap, 1, a.step, words(depth), packed, words(depth), columns_padded, bias, rows, target);
}

/* All layers and the projection for the rows of a tile. */
inline void mamba_tile(const MambaWeights &w, int direction, const Segment *segments, Index count, Index rows,
                       bool add_to_output, const MambaBuffers &buffers) {
    const Index channels = padded(w.channels);
    const Index inner = padded(w.inner);
    const Index dbc = padded(w.rank + 2 * w.states);
    for (Index s = 0; s < count; ++s) {
        enter(w, segments[s], buffers);
    }
    for (Index l = 0; l < w.layers; ++l) {
        const MambaLayerWeights &layer = w.layer[direction][l];
        rms_norm(w, rows, buffers);
        const Tap h = {buffers.h, 0};
        product(&h, 1, buffers.row, words(w.channels), layer.in, words(w.channels), 2 * inner, w.zeros, rows,
                {buffers.uz, buffers.uz_row, nullptr, 0, 2 * inner});
        convolve_all(w, layer, segments, count, buffers, buffers.history + l * inner * (w.taps - 1));
        product_of(buffers.uz, buffers.uz_row, w.inner, buffers, layer.x, dbc, w.zeros, rows,
                   {buffers.dbc, buffers.dbc_row, nullptr, 0, dbc});
        scan_tile(w, layer, segments, count, buffers, buffers.state + l * inner * w.states);
        product_of(buffers.uz, buffers.uz_row, w.inner, buffers, layer.out, channels, w.zeros, rows,
                   {buffers.x, buffers.row, buffers.x, buffers.row, channels});
    }
    for (Index s = 0; s < count; ++s) {
        const Segment &segment = segments[s];
        const bool forward = direction == 0;
        const float *add = forward ? segment.x : add_to_output ? segment.output : nullptr;
        product_of(buffers.x + segment.first * buffers.row, buffers.row, w.channels, buffers, w.projection[direction],
                   channels, forward ? w.projection_bias : w.zeros, segment.length,
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
