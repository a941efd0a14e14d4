/*
 * Attention, layer norm and the gates of a GRU, for the few rows that are left when the convolutions are done: nothing
 * against them (at paper size 16 tokens of 128 and 62 steps of 64), kept simple.
 */
#pragma once

#include "attention_arguments.h"
#include "norm_epsilon.h"
#include "vecmath.h"

namespace earshot::EARSHOT_ISA {

EARSHOT_INLINE Vec sigmoid(Vec x) {
    return quotient(set1(1.0F), set1(1.0F) + exp_clamped(set1(0.0F) - x));
}

/* 2 sigmoid(2x) - 1: an error of 1e-7 of 1, not of x. */
EARSHOT_INLINE Vec tanh_of(Vec x) {
    return fma(set1(2.0F), sigmoid(x + x), set1(-1.0F));
}

inline void attention(const AttentionRun &run) {
    const Index depth = run.width / run.heads;
    const float scale = 1.0F / __builtin_sqrtf(static_cast<float>(depth));
    for (Index head = 0; head < run.heads; ++head) {
        const float *keys = run.qkv + run.width + head * depth;
        const float *values = keys + run.width;
        for (Index i = 0; i < run.tokens; ++i) {
            const float *query = run.qkv + i * run.row + head * depth;
            float most = 0;
            for (Index j = 0; j < run.tokens; ++j) {
                Vec total = set1(0.0F);
                for (Index d = 0; d < depth; d += WIDTH) {
                    total =
                        fma(load_at_most(query + d, depth - d), load_at_most(keys + j * run.row + d, depth - d), total);
                }
                const float score = sum(total) * scale;
                run.scores[j] = score;
                most = j == 0 || score > most ? score : most;
            }
            Vec whole = set1(0.0F);
            for (Index j = 0; j < run.tokens; j += WIDTH) {
                const Index left = run.tokens - j;
                store_at_most(run.scores + j, exp_clamped(load_at_most(run.scores + j, left) - set1(most)), left);
                whole = whole + load_at_most(run.scores + j, left);
            }
            const Vec share = set1(1.0F / sum(whole));
            for (Index d = 0; d < depth; d += WIDTH) {
                Vec total = set1(0.0F);
                for (Index j = 0; j < run.tokens; ++j) {
                    total = fma(set1(run.scores[j]), load_at_most(values + j * run.row + d, depth - d), total);
                }
                store_at_most(run.to + i * run.to_row + head * depth + d, total * share, depth - d);
            }
        }
    }
}

inline void residual_norm(const float *a, const float *b, Index channels, const float *scale, const float *shift,
                          float *to) {
    Vec total = set1(0.0F);
    for (Index c = 0; c < channels; c += WIDTH) {
        const Index left = channels - c;
        const Vec v = load_at_most(a + c, left) + load_at_most(b + c, left);
        store_at_most(to + c, v, left);
        total = total + v;
    }
    const float mean = sum(total) / static_cast<float>(channels);
    Vec squares = set1(0.0F);
    for (Index c = 0; c < channels; c += WIDTH) {
        const Index left = channels - c;
        const Vec d = load_at_most(to + c, left) - set1(mean);
        store_at_most(to + c, d, left);
        const Vec valid = load_at_most(to + c, left); /* without what lies behind the last channel */
        squares = fma(valid, valid, squares);
    }
    const Vec factor = set1(1.0F / __builtin_sqrtf(sum(squares) / static_cast<float>(channels) + EPSILON));
    for (Index c = 0; c < channels; c += WIDTH) {
        const Index left = channels - c;
        const Vec n = load_at_most(to + c, left) * factor;
        store_at_most(to + c, fma(n, load_at_most(scale + c, left), load_at_most(shift + c, left)), left);
    }
}

inline void gru_step(const float *x, const float *h, Index width, float *state) {
    for (Index i = 0; i < width; i += WIDTH) {
        const Vec r = sigmoid(load(x + i) + load(h + i));
        const Vec z = sigmoid(load(x + width + i) + load(h + width + i));
        const Vec n = tanh_of(fma(r, load(h + 2 * width + i), load(x + 2 * width + i)));
        store(state + i, fma(z, load(state + i) - n, n));
    }
}

} // namespace earshot::EARSHOT_ISA
