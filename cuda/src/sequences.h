/* How the tokens of an activation [B, T, F, C] make sequences: along time or along frequency, without a transpose. */
#pragma once

#include "device.h"

namespace earshot {

/* Sequence s has its token t at (s / inner) * outer_stride + (s % inner) * inner_stride + t * step. */
struct Sequences {
    std::int64_t count;
    std::int64_t inner;
    std::int64_t outer_stride;
    std::int64_t inner_stride;
    std::int64_t step;
    std::int32_t length;

    /* Each frequency bin of each clip is a sequence of frames. */
    static Sequences along_time(std::int64_t batch, std::int64_t frames, std::int64_t bands) {
        return {batch * bands, bands, frames * bands, 1, bands, static_cast<std::int32_t>(frames)};
    }
    /* Each frame of each clip is a sequence of bins. */
    static Sequences along_frequency(std::int64_t batch, std::int64_t frames, std::int64_t bands) {
        return {batch * frames, 1, bands, 0, 1, static_cast<std::int32_t>(bands)};
    }

    __host__ __device__ std::int64_t tokens() const { return count * length; }
    __host__ __device__ std::int64_t first(std::int64_t sequence) const {
        return (sequence / inner) * outer_stride + (sequence % inner) * inner_stride;
    }
};

} // namespace earshot
