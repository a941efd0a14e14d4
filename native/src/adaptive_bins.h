/* Adaptive pools, and what the kernel that adds them up is called with. */
#pragma once

#include "index.h"

namespace earshot {

/* Static, so that each instruction set has its own: bin i of an adaptive pool of `length` values into `bins`: [first, end). */
static inline Index bin_first(Index i, Index length, Index bins) {
    return i * length / bins;
}
static inline Index bin_end(Index i, Index length, Index bins) {
    return ((i + 1) * length + bins - 1) / bins;
}

/* Adaptive pools of [frames, bands, channels] to k x k for each scale k; sums are [sum of k^2, channels]. */
struct SqueezeRun {
    const float *z;   /* frame t at (t - first) * row */
    Index first, row; /* row >= bands * channels */
    Index frames, bands, channels;
    const std::int32_t *scales;
    Index count;
};

} // namespace earshot
