/* What the kernels of every instruction set share: prepared weights, arguments of a run, and the table of kernels. */
#pragma once

#include <cstddef>
#include <cstdint>

namespace earshot {

using Index = std::int64_t;

/* Positions a Mamba layer works on at a time: at C = 64 a panel of weights and the rows it meets
 * fit into L1 together. */
constexpr Index TILE_ROWS = 32;

/* Distance between rows of a buffer, beyond what they hold: keeps a column of rows out of a single set of the cache. */
constexpr Index ROW_PADDING = 16;

/* Taps (slices times kernel size) that a convolution may have. */
constexpr Index MOST_TAPS = 1024;

constexpr float EPSILON = 1e-5F;

/* Prepared weights of one Mamba layer; P(n) is n padded to the vector's width w. */
struct MambaLayerWeights {
    const float *in;   /* panels: C steps, 2 P(E) columns, u first; the RMS norm's weight is multiplied in */
    const float *conv; /* [K, P(E)] */
    const float *conv_bias;
    const float *x;  /* panels: E steps, P(R + 2N) columns */
    const float *dt; /* [R, P(E)] */
    const float *dt_bias;
    const float *decay;  /* [P(E) / w, N, w]: -exp(A_log) log2(e) */
    const float *lowest; /* [P(E)]: the least of a channel's decays */
    const float *skip;   /* [P(E)] */
    const float *out;    /* panels: E steps, P(C) columns */
};

/* A prepared bidirectional path. */
struct MambaWeights {
    Index channels, inner, states, rank, taps, layers;
    bool over_time;
    bool has_norm;
    const MambaLayerWeights *layer[2]; /* forward, backward */
    const float *projection[2];        /* panels: C steps, P(C) columns */
    const float *projection_bias;      /* [P(C)] */
    const float *zeros;                /* as many as the widest product has columns */
    const float *valid;                /* [P(C)]: 1 for the first C, 0 for the padding */
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

/* Prepared weights of one convolution with its norm and PReLU. */
struct ConvolutionWeights {
    Index slices; /* of C input channels each, newest first */
    Index kernel_time, kernel_bands, padding_time, padding_bands, dilation, stride;
    const float *weight; /* panels: [slices, kernel_time, kernel_bands] cells of C steps, P(C) columns */
    const float *bias, *scale, *shift, *slope; /* [P(C)] */
};

/* The encoder's planes of operands: [frames, margin + bands + margin, P(C)], the margins zero. */
struct Planes {
    float *const *slice; /* oldest first: the first convolution's output, then the block's */
    Index frames, bands, margin;
};

/* Frames and bands of output that Winograd's algorithm computes together, and the products that takes. */
constexpr Index PATCH_FRAMES = 2;
constexpr Index PATCH_BANDS = 4;
constexpr Index FREQUENCIES = (PATCH_FRAMES + 2) * (PATCH_BANDS + 2);

/* A prepared convolution 3x3, padded by 1. */
struct Convolution3x3 {
    Index inputs, outputs;
    bool winograd;
    const float *weight; /* panels: [3, 3] cells, or FREQUENCIES, of I steps, P(O) columns */
    const float *bias;   /* [P(O)] */
    const float *zeros;  /* [P(O)] */
};

/* Where a convolution's rows come from and go to. */
struct ConvolutionRun {
    const float *x; /* [frames, bands, I] */
    Index frames, bands;
    float *z; /* row t at t * row, its positions `step` >= O floats apart */
    Index row, step;
    bool relu;
};

/* Bin i of an adaptive pool of `length` values into `bins`: [first, end). */
inline Index bin_first(Index i, Index length, Index bins) {
    return i * length / bins;
}
inline Index bin_end(Index i, Index length, Index bins) {
    return ((i + 1) * length + bins - 1) / bins;
}

/* Adaptive pools of z [frames, bands, channels] to k x k for each scale k; sums are [sum of k^2, channels]. */
struct SqueezeRun {
    const float *z;
    Index frames, bands, channels;
    const std::int32_t *scales;
    Index count;
};

/* c = bias + a W (+ r). */
struct ProductRun {
    const float *a;
    Index lda, depth, rows;
    const float *weight; /* one group of panels */
    const float *bias;   /* padded */
    Index columns;
    float *c;
    Index ldc;
    const float *r; /* null for none */
    Index ldr;
};

/* One transformer layer's attention: qkv is [tokens, row] with q, k and v, `width` wide each. */
struct AttentionRun {
    const float *qkv;
    Index row, tokens, width, heads;
    float *scores; /* [P(tokens)] */
    float *to;     /* [tokens, to_row] */
    Index to_row;
};

/* The kernels of one instruction set. */
struct Kernels {
    const char *name;
    Index width; /* floats in a vector */
    Index panel; /* vectors in a panel */
    bool pairs;  /* whether products take pairs of bfloat16 (operand.h) */

    /* Floats of scratch that mamba_group needs. */
    Index (*mamba_scratch)(const MambaWeights &weights);
    /* One group of sequences in one direction (0 forward, 1 backward), norm to projection. */
    void (*mamba_group)(const MambaRun &run, Index group, int direction, float *scratch);

    /* One row of the first, pointwise convolution, normalised: prelu((x - mean) * gain + shift), as operands. */
    void (*encoder_first)(const float *x, Index bands, float mean, const float *gain, const float *shift,
                          const float *slope, float *row, Index width_padded);
    /* Row t of a convolution, its bias added, to row [positions, row_step]. */
    void (*convolution_row)(const ConvolutionWeights &weights, const Planes &planes, Index channels, Index t,
                            Index positions, float *row, Index row_step);
    /* Mean and sum of squared deviations of each channel over a row. */
    void (*row_statistics)(const float *row, Index positions, Index row_step, Index channels, float *mean,
                           float *deviation);
    /* In place: prelu((y - mean) * gain + shift). */
    void (*normalize_row)(float *row, Index positions, Index row_step, Index channels, const float *mean,
                          const float *gain, const float *shift, const float *slope);
    /* The same into a row of a plane, as operands; [positions, row_step] are padded, and `to` may be the row itself. */
    void (*plane_row)(const float *row, Index positions, Index row_step, const float *mean, const float *gain,
                      const float *shift, const float *slope, float *to);

    /*
     * The selective scan of one vector of channels over `length` positions from state `state` [N, w] on: delta [length,
     * w] is already positive, u and z have a row every `step` floats, b and c ([N] each) every `bc_step`; u becomes (y
     * + D u) SiLU(z); y is scratch, [length, w].
     */
    void (*scan)(const float *decay, const float *lowest, const float *skip, float *state, const float *delta, float *u,
                 const float *z, Index step, const float *b, const float *c, Index bc_step, Index states, Index length,
                 float *y);

    /* From here on null where products take pairs: these layers compute in float32. */

    /* Floats of scratch that convolution_rows needs. */
    Index (*convolution_scratch)(const Convolution3x3 &weights, Index bands);
    /* Rows `from` to `to` of a 3x3 convolution. */
    void (*convolution_rows)(const Convolution3x3 &weights, const ConvolutionRun &run, Index from, Index to,
                             float *scratch);
    void (*matrix_product)(const ProductRun &run);
    /* What rows `from` to `to` of z add to the adaptive pools, unscaled. */
    void (*squeeze_rows)(const SqueezeRun &run, Index from, Index to, float *sums);
    /* In place: max(z * gate, 0). */
    void (*gate_row)(float *row, Index positions, Index channels, const float *gate);
    /* Means of 2x2 values of max(z * gate, 0); two rows to one of `positions`. */
    void (*gate_pool_row)(const float *upper, const float *lower, Index step, Index positions, Index channels,
                          const float *gate, float *to);
    /* A depthwise 3x3 convolution of three rows [positions + 2, step]; weight [9, step]. */
    void (*depthwise_row)(const float *const *rows, Index positions, Index step, const float *weight, float *to);
    void (*attention)(const AttentionRun &run);
    /* Layer norm of a + b. */
    void (*residual_norm)(const float *a, const float *b, Index channels, const float *scale, const float *shift,
                          float *to);
    /* One step: x and h are the gates r, z, n of the input and of the state, each `width` (padded) wide. */
    void (*gru_step)(const float *x, const float *h, Index width, float *state);
};

/* Words of a row of `columns` operands; columns are padded. */
inline Index operand_words(const Kernels &kernels, Index columns) {
    return kernels.pairs ? columns / 2 : columns;
}

extern const Kernels BASELINE_KERNELS;
extern const Kernels AVX2_KERNELS;
extern const Kernels AVX512_KERNELS;
extern const Kernels AVX512_BF16_KERNELS;

} // namespace earshot
