/* What the kernel of the resampler is called with. */
#pragma once

#include "index.h"

namespace earshot {

/*
 * A block of outputs. Output n lies at input n * down / up; the window begins taps / 2 - 1 inputs before the one at or
 * before the first output.
 */
struct Polyphase {
    const float *coefficients; /* [up, taps] */
    Index up, down, taps;      /* taps: a multiple of 4 */
    const float *window;
    Index first_output;
    float *output;
    Index count;

    Index input_at(Index n) const { return n * down / up; }
    /* As many of the ratio's periods as a filter is long: outputs of a period, and inputs that it advances by. */
    Index repeats() const { return (taps + down - 1) / down; }
    Index outputs() const { return up * repeats(); }
    Index inputs() const { return down * repeats(); }
    Index periods() const { return (count + outputs() - 1) / outputs(); }
    /* Inputs that the first period's outputs look at. */
    Index rows() const {
        const Index phases = count < outputs() ? count : outputs();
        return input_at(first_output + phases - 1) - input_at(first_output) + taps;
    }
    /* Inputs that all outputs look at, and some that they do not. */
    Index window_length() const { return (periods() - 1) * inputs() + rows(); }
};

/* Periods that are computed together. */
constexpr Index RESAMPLED_TOGETHER = 32;

/* Floats in a line of the cache: a row that begins within one takes up to twice as long to load. */
constexpr Index RESAMPLED_LINE = 16;

} // namespace earshot
