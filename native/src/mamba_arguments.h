/* What the kernels of a Mamba path are called with. */
#pragma once

#include "index.h"

namespace earshot {

/* Positions a Mamba layer works on at a time: at C = 64 a panel of weights and the rows it meets
 * fit into L1 together. */
constexpr Index TILE_ROWS = 32;

/* Prepared weights of one Mamba layer; P(n) is n padded to the vector's width w. */
struct MambaLayerWeights {
    const float *u, *z; /* in_proj's halves, panels: C steps, P(E) columns; the RMS norm's weight is multiplied in */
    const float *u_bias, *z_bias; /* [P(E)]: zeros, or where products take pairs less the weights' own products */
    float h_scale;                /* a power of two that h is multiplied and in_proj divided by */
    const float *conv;            /* [K, P(E)] */
    const float *conv_bias;
    const float *bc;   /* x_proj's columns of B and C, panels: E steps, P(2N) columns */
    const float *x_dt; /* x_proj's columns of dt as rows of operands, [R up to a multiple of four, P(E)] */
    const float *dt;   /* [R, P(E)] */
    const float *dt_bias;
    const float *decay;  /* [P(E) / w, N, w]: -exp(A_log) log2(e) */
    const float *lowest; /* [P(E)]: the least of a channel's decays */
    const float *skip;   /* [P(E)] */
    const float *out;    /* panels: E steps, P(C) columns; null in the last layer */
};

/*
 * What makes a direction's part of the output out of x, the input of its last layer, and of that layer's gated scan y:
 * (x + out_proj y) P is x P + y (out_proj P), so the second product of weights is made once. Where there is but one
 * layer both directions have the same x, and the forward one takes it for both.
 */
struct Projection {
    /* Panels, P(C) columns: E steps for y or, where x is taken, P(E) and C for x behind them, which adds the greater
     * numbers last. */
    const float *weight;
    bool takes_x;
};

/* A prepared bidirectional path. */
struct MambaWeights {
    Index channels, inner, states, rank, taps, layers;
    bool over_time;
    bool has_norm;
    bool by_pairs;                     /* whether in_proj is computed as kernels/inner_product.h does */
    const MambaLayerWeights *layer[2]; /* forward, backward */
    Projection projection[2];
    const float *projection_bias; /* [P(C)] */
    const float *zeros;           /* as many as the widest product has columns */
    const float *valid;           /* [P(C)]: 1 for the first C, 0 for the padding */
};

/* One run of a path. */
struct MambaRun {
    const MambaWeights *weights;
    const float *x;
    float *output;
    float *partial;    /* where the backward direction goes; null to add it to the output */
    const float *norm; /* scale and shift, [2, P(C)] a clip */
    Index norm_step;   /* from one clip's to the next; 0 where all share them */
    Index batch, frames, bands;
    Index group; /* sequences a task works on together */
};

} // namespace earshot
