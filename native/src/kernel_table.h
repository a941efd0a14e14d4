/* The table of kernels that each instruction set, and bfloat16 beside it, has one of. */
#pragma once

#include "adaptive_bins.h"
#include "attention_arguments.h"
#include "convolution3x3_arguments.h"
#include "encoder_arguments.h"
#include "log_mel_arguments.h"
#include "mamba_arguments.h"
#include "product_arguments.h"
#include "resampling_arguments.h"

namespace earshot {

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

    /*
     * The selective scan of one vector of channels over `length` positions from state `state` [N, w] on: delta [length,
     * w] is already positive, u and z have a row every `step` floats, b and c ([N] each) every `bc_step`; u becomes (y
     * + D u) SiLU(z); y is scratch, [length, w].
     */
    void (*scan)(const float *decay, const float *lowest, const float *skip, float *state, const float *delta, float *u,
                 const float *z, Index step, const float *b, const float *c, Index bc_step, Index states, Index length,
                 float *y);

    /* From here on null where products take pairs: these layers compute in float32. */

    /* One row of the first, pointwise convolution, normalised: prelu((x - mean) * gain + shift). */
    void (*encoder_first)(const float *x, Index bands, float mean, const float *gain, const float *shift,
                          const float *slope, float *row, Index width_padded);
    /* Row t of a convolution, its bias added, to row [positions, row_step]. */
    void (*convolution_row)(const ConvolutionWeights &weights, const Planes &planes, Index channels, Index t,
                            Index positions, float *row, Index row_step);
    /* Strips `from` to `to` of a convolution by Winograd's algorithm, rows [bands, row_step] of output a `row` apart, and
     * the floats of scratch that a chunk of strips needs. */
    void (*dilated_strips)(const ConvolutionWeights &weights, const Planes &planes, Index channels, Index from,
                           Index to, float *output, Index row, Index row_step, float *scratch);
    Index (*dilated_scratch)(const ConvolutionWeights &weights, Index channels, Index bands);
    /* Strips that are best computed in one call. */
    Index (*chunk_strips)(Index bands);
    /* Mean and sum of squared deviations of each channel over a row. */
    void (*row_statistics)(const float *row, Index positions, Index row_step, Index channels, float *mean,
                           float *deviation);
    /* In place: prelu((y - mean) * gain + shift). */
    void (*normalize_row)(float *row, Index positions, Index row_step, Index channels, const float *mean,
                          const float *gain, const float *shift, const float *slope);

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
    /* Means of 2x2 values of max(z, 0); two rows to one of `positions`. */
    void (*pool_row)(const float *upper, const float *lower, Index step, Index positions, Index channels, float *to);
    void (*depthwise_rows)(const DepthwiseRun &run);
    void (*attention)(const AttentionRun &run);
    /* Layer norm of a + b. */
    void (*residual_norm)(const float *a, const float *b, Index channels, const float *scale, const float *shift,
                          float *to);
    /* One step: x and h are the gates r, z, n of the input and of the state, each `width` (padded) wide. */
    void (*gru_step)(const float *x, const float *h, Index width, float *state);

    /* Frames that log_mel_group computes. */
    Index frames_together;
    /* Doubles of scratch that it needs. */
    Index (*log_mel_scratch)(const LogMelTables &tables);
    void (*log_mel_group)(const LogMelTables &tables, const LogMelFrames &frames, double *scratch);
    void (*resample)(const Polyphase &block, float *scratch);
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
