/* What the kernel of log-mel frames is called with. */
#pragma once

#include "index.h"

namespace earshot {

/* A filter's bins that are not zero. */
struct MelRow {
    Index first, bins;
    const double *weights;
};

/* Tables of one set of parameters. */
struct LogMelTables {
    Index n_fft; /* a power of two, at least 16 */
    Index window_length, bands;
    const double *window; /* [window_length], halved: kernels/real_transform.h */
    /* e^(-2 pi i j k / length), k = 1, 2, 3, for each j < length / 4: length n_fft / 2, then a quarter of it... */
    const double *roots;
    const double *real_roots; /* e^(-2 pi i k / n_fft) for k = 0 to n_fft / 4 */
    const Index *places;      /* [n_fft / 2]: where the passes leave each bin of the complex transform */
    const MelRow *rows;       /* [bands] */
};

/* As many frames as the kernel takes together. */
struct LogMelFrames {
    const float *const *samples; /* each frame's window_length samples, less 2^-52 */
    float *const *levels;        /* where each frame's bands go, in dB */
    double *loudest;             /* of each frame, in dB */
};

} // namespace earshot
